"""The shape of a comment in JSON."""

from rest_framework import serializers

from comments.models import Comment


class ThreadCommentSerializer(serializers.ModelSerializer):
    """`subject` is the id of the record of that `kind`. `is_none` says that the writer looked at what seems to tell of a patient."""

    subject = serializers.IntegerField(source="subject_id")
    written_by_name = serializers.CharField(source="written_by.full_name", read_only=True)
    is_none = serializers.BooleanField(write_only=True, required=False, default=False)

    class Meta:
        model = Comment
        fields = ("id", "kind", "subject", "text", "mentioned", "written_by", "written_by_name", "written_at", "edited_at", "is_none")
        read_only_fields = ("id", "mentioned", "written_by", "written_at", "edited_at")
