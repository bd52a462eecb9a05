"""A page that is still being made when the middleware has gone: it kills the flag halfway."""

from collections.abc import Iterator

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path

import featureflags
from featureflags import services


@login_not_required
def stream(request: HttpRequest) -> StreamingHttpResponse:
    def parts() -> Iterator[str]:
        yield f"{featureflags.enabled('new_home', request)} "
        services.kill_flag(key="new_home", why="halfway", by=None)
        yield str(featureflags.enabled("new_home", request))

    return StreamingHttpResponse(parts())


urlpatterns = [path("stream", stream)]
