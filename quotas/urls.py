from django.urls import path

from quotas.views.downloads import (
    attachment_content,
    attachment_picture,
    attachment_removal,
    version_content,
    version_picture,
)
from quotas.views.files import (
    file_copy,
    file_delete,
    file_detail,
    file_list,
    file_move,
    file_restore,
    file_trash,
    folder_detail,
    trash_empty,
    trash_list,
    version_bring_back,
    version_delete,
)
from quotas.views.folders import folder_create, folder_delete
from quotas.views.uploads import upload_create
from quotas.views.usage import notice_snooze, usage_detail

app_name = "quotas"
urlpatterns = [
    path("files/", file_list, name="files"),
    path("files/folders/<int:folder_id>/", folder_detail, name="folder"),
    path("files/folders/", folder_create, name="folder_create"),
    path("files/folders/<int:folder_id>/deletion/", folder_delete, name="folder_delete"),
    path("files/uploads/", upload_create, name="upload_create"),
    path("files/usage/", usage_detail, name="usage"),
    path("files/usage/notices/<int:notice_id>/snooze/", notice_snooze, name="notice_snooze"),
    path("files/trash/", trash_list, name="trash"),
    path("files/trash/emptying/", trash_empty, name="trash_empty"),
    path("files/<int:file_id>/", file_detail, name="file"),
    path("files/<int:file_id>/name/", file_move, name="file_move"),
    path("files/<int:file_id>/trash/", file_trash, name="file_trash"),
    path("files/<int:file_id>/restoration/", file_restore, name="file_restore"),
    path("files/<int:file_id>/deletion/", file_delete, name="file_delete"),
    path("files/<int:file_id>/copies/", file_copy, name="file_copy"),
    path("files/versions/<int:version_id>/", version_content, name="version"),
    path("files/versions/<int:version_id>/picture/", version_picture, name="picture"),
    path("files/versions/<int:version_id>/return/", version_bring_back, name="version_bring_back"),
    path("files/versions/<int:version_id>/deletion/", version_delete, name="version_delete"),
    path("files/attachments/<int:attachment_id>/", attachment_content, name="attachment"),
    path("files/attachments/<int:attachment_id>/picture/", attachment_picture, name="attachment_picture"),
    path("files/attachments/<int:attachment_id>/removal/", attachment_removal, name="attachment_removal"),
]
