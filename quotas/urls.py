from django.urls import path

from quotas.views import downloads, files, folders, uploads, usage

app_name = "quotas"
urlpatterns = [
    path("files/", files.file_list, name="files"),
    path("files/folders/<int:folder_id>/", files.folder_detail, name="folder"),
    path("files/folders/", folders.folder_create, name="folder_create"),
    path("files/folders/<int:folder_id>/deletion/", folders.folder_delete, name="folder_delete"),
    path("files/uploads/", uploads.upload_create, name="upload_create"),
    path("files/usage/", usage.usage_detail, name="usage"),
    path("files/usage/notices/<int:notice_id>/snooze/", usage.notice_snooze, name="notice_snooze"),
    path("files/trash/", files.trash_list, name="trash"),
    path("files/trash/emptying/", files.trash_empty, name="trash_empty"),
    path("files/<int:file_id>/", files.file_detail, name="file"),
    path("files/<int:file_id>/name/", files.file_move, name="file_move"),
    path("files/<int:file_id>/trash/", files.file_trash, name="file_trash"),
    path("files/<int:file_id>/restoration/", files.file_restore, name="file_restore"),
    path("files/<int:file_id>/deletion/", files.file_delete, name="file_delete"),
    path("files/<int:file_id>/copies/", files.file_copy, name="file_copy"),
    path("files/versions/<int:version_id>/", downloads.version_content, name="version"),
    path("files/versions/<int:version_id>/picture/", downloads.version_picture, name="picture"),
    path("files/versions/<int:version_id>/return/", files.version_bring_back, name="version_bring_back"),
    path("files/versions/<int:version_id>/deletion/", files.version_delete, name="version_delete"),
    path("files/attachments/<int:attachment_id>/", downloads.attachment_content, name="attachment"),
]
