"""A receiver in a process of its own: `/ms/100` answers after so long, `/hole` never does, `/count` says how many."""

import asyncio
import sys
import time

from aiohttp import web

arrivals: list[float] = []


async def slow(request: web.Request) -> web.Response:
    await request.read()
    arrivals.append(time.time())
    await asyncio.sleep(int(request.match_info["ms"]) / 1000)
    return web.Response(status=204)


async def hole(request: web.Request) -> web.Response:
    await asyncio.sleep(3600)
    return web.Response()


async def count(request: web.Request) -> web.Response:
    found = arrivals.copy()
    arrivals.clear()
    return web.json_response({"count": len(found), "arrivals": found})


def main(port: int) -> None:
    application = web.Application()
    application.router.add_post("/ms/{ms}", slow)
    application.router.add_post("/hole", hole)
    application.router.add_get("/count", count)
    web.run_app(application, host="127.0.0.1", port=port, access_log=None, print=None, backlog=2048)


if __name__ == "__main__":
    main(int(sys.argv[1]))
