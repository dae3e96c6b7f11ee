from django.urls import path

from . import uploads

urlpatterns = [
    path("uploads/", uploads.UploadsView.as_view(), name="uploads"),
    path("uploads/<uuid:public_id>", uploads.UploadView.as_view(), name="upload"),
]
