"""Three hundred comments that would run a script if anything let them: each payload in each place of Markdown."""

PAYLOADS = (
    "<script>alarm()</script>",
    "<img src=x onerror=alarm()>",
    "<svg onload=alarm()>",
    "<svg><script>alarm()</script></svg>",
    "<math><mtext><img src=x onerror=alarm()></mtext></math>",
    "<body onload=alarm()>",
    "<details open ontoggle=alarm()>",
    "<iframe srcdoc='<script>parent.alarm()</script>'></iframe>",
    "<a href=javascript:alarm()>press</a>",
    "<form action=javascript:alarm()><button autofocus>press</button></form>",
    "<input autofocus onfocus=alarm()>",
    "<style>@import 'javascript:alarm()';</style>",
    "<noscript><p title='</noscript><img src=x onerror=alarm()>'>",
    "<template><script>alarm()</script></template>",
    '"><script>alarm()</script>',
    "'-alarm()-'",
    "javascript:alarm()",
    "JaVaScRiPt&colon;alarm()",
    "data:text/html,<script>parent.alarm()</script>",
    "x onmouseover=alarm() style=position:fixed;inset:0",
)
PLACES = (
    "{}",
    "**{}**",
    "> {}",
    "- {}",
    "# {}",
    "`{}`",
    "```\n{}\n```",
    "```{}\ncode\n```",
    "[press]({})",
    "[press](<{}>)",
    '[press](https://example.org "{}")',
    "![picture]({})",
    "[{}]: https://example.org\n\n[{}]",
    "| {} | b |\n|---|---|\n| {} | 2 |",
    "@{} <{}>",
)
BODIES = [place.replace("{}", payload) for place in PLACES for payload in PAYLOADS]

PATHOLOGICAL = (
    *("*" * 20_000, "[" * 20_000, "![" * 10_000, "[a](" * 8_000, "`a" * 15_000, "<a " * 10_000, "&#" * 15_000),
    *("> " * 15 + "deep", "*a **a " * 4_000, "_a __a " * 4_000, "[a]: <" * 5_000, "~~" * 15_000, "|" * 15_000),
    *("a\\\n" * 10_000, "<!--" * 8_000, "<?" * 15_000, "- a\n" * 8_000, "1. " * 15, "\t" * 9_000 + "x", "@" * 20_000),
)
