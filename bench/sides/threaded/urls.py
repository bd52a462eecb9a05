"""The page that each peer of `comments` shows of its tree, and what django-comments-xtd brings."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import include, path
from django.views.decorators.http import require_safe

from bench.sides.threaded.models import Article, Nested, Path

PAGE = 200


@require_safe
def article(request: HttpRequest, pk: int) -> HttpResponse:
    return render(request, "threaded/article.html", {"article": get_object_or_404(Article, pk=pk)})


@require_safe
def nested(request: HttpRequest) -> HttpResponse:
    rows = Nested.objects.select_related("author").order_by("tree_id", "lft")[:PAGE]
    return render(request, "threaded/notes.html", {"notes": rows})


@require_safe
def paths(request: HttpRequest) -> HttpResponse:
    return render(request, "threaded/notes.html", {"notes": Path.objects.select_related("author")[:PAGE]})


urlpatterns = [
    path("articles/<int:pk>", article),
    path("nested", nested),
    path("paths", paths),
    path("comments/", include("django_comments_xtd.urls")),
]
