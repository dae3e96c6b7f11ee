"""What accounts reads and writes on the wire."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.accounts.maturity import BY_LABEL, Maturity
from apps.accounts.models import DataRequest, Profile, Session, User
from apps.accounts.models.profile import Avatar
from apps.accounts.models.user import normalized
from apps.core.api.serializers import SecretField, StrictSerializer, TextField

PIN = r"^[0-9]{4}$"


@extend_schema_field({"type": "string", "enum": list(BY_LABEL)})
class MaturityField(serializers.ChoiceField):
    """A rating by its label, such as "U/A 13+"."""

    def __init__(self, **options: Any) -> None:
        super().__init__(choices=[(label, label) for label in BY_LABEL], **options)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in BY_LABEL:
            self.fail("invalid_choice", input=data)
        return BY_LABEL[data].value

    def to_representation(self, value: Any) -> str:
        return str(Maturity(value).label)


class CountryField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[A-Z]{2}\Z", min_length=2, max_length=2, **options)


class PinField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        options = {"write_only": True, "required": False} | options
        super().__init__(PIN, min_length=4, max_length=4, **options)


class AddressField(serializers.EmailField):
    """An e-mail address in its one spelling, which is what is judged: normalising may make it longer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)

    def to_internal_value(self, data: Any) -> str:
        return normalized(super().to_internal_value(data))


class RegisterIn(StrictSerializer):
    email = AddressField()
    password = SecretField(min_length=8)
    country = CountryField(required=False, help_text="ISO 3166-1 alpha-2.")


class RegisterOut(serializers.Serializer[Any]):
    email = serializers.EmailField()
    country = serializers.CharField(allow_blank=True)
    email_verified = serializers.BooleanField()


class LoginIn(StrictSerializer):
    email = serializers.CharField(max_length=254)
    password = SecretField()
    device_name = TextField(max_length=80, required=False, allow_blank=True)


class GrantOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    refresh = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="Seconds that the access token lives.")


class RefreshIn(StrictSerializer):
    refresh = serializers.CharField(max_length=200)


class TokenIn(StrictSerializer):
    token = serializers.CharField(max_length=100)


class EmailIn(StrictSerializer):
    email = AddressField()


class ResetIn(StrictSerializer):
    token = serializers.CharField(max_length=100)
    password = SecretField(min_length=8)


class PasswordChangeIn(StrictSerializer):
    current_password = SecretField()
    new_password = SecretField(min_length=8)


class AccountOut(serializers.ModelSerializer[User]):
    id = serializers.UUIDField(source="public_id")
    pending_email = serializers.CharField(
        help_text='Takes the place of the e-mail once its owner confirms it; "" when there is none.'
    )

    class Meta:
        model = User
        fields = ["id", "email", "email_verified", "pending_email", "country", "created_at"]
        read_only_fields = fields


class AccountIn(StrictSerializer):
    email = AddressField(required=False)
    country = CountryField(required=False)
    password = SecretField(required=False, help_text="The present one; needed to change the e-mail.")


class PasswordIn(StrictSerializer):
    password = SecretField(help_text="The account password, as confirmation.")


class SessionOut(serializers.ModelSerializer[Session]):
    id = serializers.UUIDField(source="public_id")
    current = serializers.SerializerMethodField()
    place = serializers.CharField(source="country", help_text='Country of its last refresh, or "".')

    class Meta:
        model = Session
        fields = [
            "id",
            "device_name",
            "user_agent",
            "place",
            "created_at",
            "last_seen_at",
            "expires_at",
            "current",
        ]
        read_only_fields = fields

    def get_current(self, session: Session) -> bool:
        return bool(session.public_id == self.context["request"].user.session_id)


class ProfileOut(serializers.ModelSerializer[Profile]):
    id = serializers.UUIDField(source="public_id")
    maturity = MaturityField()
    has_pin = serializers.BooleanField()

    class Meta:
        model = Profile
        fields = ["id", "name", "avatar", "language", "maturity", "kid", "has_pin", "created_at"]
        read_only_fields = fields


class ProfileIn(StrictSerializer):
    name = TextField(max_length=40)
    avatar = serializers.ChoiceField(choices=Avatar.choices, required=False)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)
    maturity = MaturityField(required=False)
    kid = serializers.BooleanField(required=False)
    pin = PinField(help_text="Four digits.")
    password = SecretField(
        required=False, help_text="The account's, where more is granted than the caller has."
    )


class ProfilePatchIn(ProfileIn):
    name = TextField(max_length=40, required=False)
    pin = PinField(allow_null=True, help_text="Four digits; null takes the PIN away.")
    current_pin = PinField(help_text="The profile's present PIN, to change what it protects.")


class ProofIn(StrictSerializer):
    pin = PinField()
    password = SecretField(required=False, help_text="The account's, in place of the PIN.")


class AccessOut(serializers.Serializer[Any]):
    access = serializers.CharField()
    expires_in = serializers.IntegerField()


class DataRequestOut(serializers.ModelSerializer[DataRequest]):
    id = serializers.UUIDField(source="public_id")
    state = serializers.ChoiceField(choices=DataRequest.State.choices)
    data: Any = serializers.JSONField(source="result", help_text="The copy, once the state is done.")

    class Meta:
        model = DataRequest
        fields = ["id", "state", "asked_at", "finished_at", "expires_at", "data"]
        read_only_fields = fields


class ReceiptOut(serializers.ModelSerializer[DataRequest]):
    state = serializers.ChoiceField(choices=DataRequest.State.choices)
    receipt_url = serializers.SerializerMethodField()
    result = serializers.JSONField()

    class Meta:
        model = DataRequest
        fields = ["receipt_url", "state", "asked_at", "finished_at", "result"]
        read_only_fields = fields

    def get_receipt_url(self, request: DataRequest) -> str:
        return f"{settings.SITE_URL}/api/v1/account/erasures/{request.receipt}"
