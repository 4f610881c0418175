"""Protected faces are blurred from now on, and the exact one is sealed beside them."""

from django.db import migrations

import apps.core.fields


class Migration(migrations.Migration):
    dependencies = [("faces", "0002_by_hand_and_tries")]

    operations = [
        # Those without the exact face can't be compared: the next ban adds theirs anew.
        migrations.RunSQL("DELETE FROM faces_protectedface", migrations.RunSQL.noop),
        migrations.AddField(
            model_name="protectedface", name="exact", field=apps.core.fields.EncryptedBytesField()
        ),
    ]
