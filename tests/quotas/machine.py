"""What people, operators, sweeps and crashes do to quotas, in any order; invariants 1 and 2 hold after every step."""

import io
import itertools
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from quotas.models import Account, Grant, StoredFile, Upload, Version
from quotas.services import errors, files, grants, limits, reconciling, uploads
from tests import factories

NUMBERS = itertools.count(1)
SIZES = st.integers(0, 120)
PICK = st.integers(0, 10**6)
LIMITS = st.one_of(st.integers(0, 400), st.none())


class Crashed(Exception):
    """The process died here: whatever it had not committed is gone."""


class QuotaMachine(RuleBasedStateMachine):
    steps = 0

    @initialize(hard=LIMITS)
    def begin(self, hard):
        self.user = factories.user(name=f"machine{next(NUMBERS)}")
        self.keys = itertools.count(1)
        self.hard = hard
        # A smaller limit that came later may leave more used than it allows; nothing may be added then.
        self.may_reach = 0
        self.plan_change(hard)

    # --- Steps ----------------------------------------------------------------------------------------

    @rule(hard=LIMITS)
    def plan_change(self, hard):
        limits.grant_override(user_id=self.user.pk, resource="storage", hard=hard, by=None, reason="a step")
        self.hard = hard
        self.may_reach = self._total()

    @rule(amount=SIZES)
    def reserve(self, amount):
        self._try(
            lambda: grants.reserve(key=f"r{next(self.keys)}", user_id=self.user.pk, resource="storage", amount=amount)
        )

    @rule(pick=PICK, amount=SIZES)
    def commit(self, pick, amount):
        grant = self._one(self._plain(Grant.objects.held()), pick)
        if grant:
            self._try(lambda: grants.commit(grant_id=grant.pk, amount=amount))

    @rule(pick=PICK)
    def release(self, pick):
        grant = self._one(self._plain(Grant.objects), pick)
        if grant:
            grants.release(key=grant.key, user_id=self.user.pk)

    @rule(pick=PICK, amount=st.integers(0, 60))
    def extend(self, pick, amount):
        grant = self._one(self._plain(Grant.objects.held()), pick)
        if grant:
            self._try(lambda: grants.extend(grant_id=grant.pk, amount=amount))

    @rule(pick=PICK)
    def expire(self, pick):
        grant = self._one(Grant.objects.held().filter(user=self.user), pick)
        if grant:
            moment = timezone.now() - timedelta(seconds=1)
            Grant.objects.filter(pk=grant.pk).update(lease_ends_at=moment)
            Upload.objects.filter(pk=grant.key.removeprefix("upload:") if "upload:" in grant.key else None).update(
                expires_at=moment
            )
            uploads.expire_uploads()

    @rule(size=SIZES, name=st.sampled_from("abc"), keep_old=st.booleans())
    def write_or_overwrite(self, size, name, keep_old):
        self._try(
            lambda: uploads.store(
                user_id=self.user.pk, name=name, size=size, stream=io.BytesIO(b"x" * size), keep_old=keep_old
            )
        )

    @rule(length=SIZES, sent=SIZES)
    def half_an_upload(self, length, sent):
        upload = self._try(lambda: uploads.create_upload(user_id=self.user.pk, name="half", length=length))
        if upload and upload.finished_at is None:
            sent = min(sent, length)
            self._try(
                lambda: uploads.receive(
                    upload_id=upload.pk, user_id=self.user.pk, offset=0, stream=io.BytesIO(b"y" * sent)
                )
            )

    @rule(pick=PICK)
    def delete(self, pick):
        file = self._one(StoredFile.objects.filter(owner=self.user), pick)
        if file and pick % 2:
            files.trash_file(file_id=file.pk, user_id=self.user.pk)
        elif file:
            assert files.delete_file(file_id=file.pk, user_id=self.user.pk)

    @rule(pick=PICK)
    def restore(self, pick):
        file = self._one(StoredFile.objects.trashed().filter(owner=self.user), pick)
        if file:
            self._try(lambda: files.restore_file(file_id=file.pk, user_id=self.user.pk))

    @rule(pick=PICK)
    def copy_or_bring_back(self, pick):
        version = self._one(Version.objects.filter(file__owner=self.user), pick)
        if version and pick % 2:
            self._try(lambda: files.copy_file(file_id=version.file_id, user_id=self.user.pk, version_id=version.pk))
        elif version:
            self._try(lambda: files.bring_back_version(version_id=version.pk, user_id=self.user.pk))

    @rule(pick=PICK, amount=SIZES)
    def crash(self, pick, amount):
        grant = self._one(self._plain(Grant.objects.exclude(state="returned")), pick)
        try:
            with transaction.atomic(durable=True):
                if grant is None:
                    grants.reserve(key=f"c{next(self.keys)}", user_id=self.user.pk, resource="storage", amount=amount)
                elif pick % 2:
                    grants.commit(grant_id=grant.pk, amount=amount)
                else:
                    grants.give_back(grant_ids=[grant.pk])
                raise Crashed
        except (Crashed, errors.QuotaError):
            return

    # --- What must hold -------------------------------------------------------------------------------

    @invariant()
    def nothing_passes_the_limit(self):
        """Invariant 1."""
        if not hasattr(self, "user"):
            return
        QuotaMachine.steps += 1
        total = self._total()
        assert self.hard is None or total <= max(self.hard, self.may_reach), (total, self.hard, self.may_reach)
        self.may_reach = min(self.may_reach, total)

    @invariant()
    def used_is_the_sum_of_its_rows(self):
        """Invariant 2, of this person's accounts."""
        if hasattr(self, "user"):
            assert reconciling.reconcile(user_id=self.user.pk) == []

    def teardown(self):
        """And of the versions, the parts and the whole hall, once for each history."""
        if hasattr(self, "user"):
            assert [drift for drift in reconciling.reconcile() if drift.kind != "stray"] == []

    # --- Looking --------------------------------------------------------------------------------------

    def _total(self):
        row = Account.objects.filter(user=self.user, resource="storage").first()
        return row.used + row.reserved if row else 0

    def _plain(self, rows):
        """Grants of these steps alone, which no file stands on."""
        return rows.filter(user=self.user, version=None).exclude(key__startswith="upload:")

    def _one(self, rows, pick):
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        return rows.model.objects.get(pk=keys[pick % len(keys)]) if keys else None

    def _try(self, act):
        try:
            return act()
        except errors.QuotaError:
            return None
