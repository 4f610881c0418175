from django.apps import AppConfig
from django.db.models.signals import post_migrate


class UsersConfig(AppConfig):
    name = "apps.users"
    label = "users"

    def ready(self) -> None:
        from allauth.mfa.signals import authenticator_added

        from apps.users import roles, second_factor

        post_migrate.connect(roles.grant_permissions, dispatch_uid="users.roles")
        authenticator_added.connect(second_factor.count_set_up, dispatch_uid="users.second_factor")
