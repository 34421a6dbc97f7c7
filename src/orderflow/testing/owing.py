"""The storage contract, the outbox: what `claim_outbox`, `ack`, `retry`, `bury` and `buried` promise."""

from __future__ import annotations

from attrs import evolve

from orderflow.model.commit import OutboxRow
from orderflow.model.events import Stream
from orderflow.ports import Storage
from orderflow.testing.builders import MINUTE, MOMENT, START, commit, message, note
from orderflow.testing.opening import Openable, Opening

ONE, TWO = Stream.order("SO-1"), Stream.order("SO-2")
LEASE = 7 * MINUTE
LATER = START + 60 * MINUTE


class OwingPromises(Openable):
    """What is owed is claimed by one at a time, until it was sent or given up."""

    def test_a_message_is_owed_over_each_of_its_channels(self, opening: Opening) -> None:
        """One row is made for each message and channel, whole and equal; without channels there is none."""
        storage = opening()
        first, second, none = message("1", "mail", "短信"), message("2", "mail"), message("3")
        storage.append(commit(note(ONE, 1), messages=[first, second, none]))
        mail = storage.claim_outbox("mail", LATER, 10, LEASE)
        assert sorted(row.message.id for row in mail) == ["1", "2"]
        (text,) = storage.claim_outbox("短信", LATER, 10, LEASE)
        assert (text.message, text.channel, text.attempts) == (first, "短信", 1)
        assert first in [row.message for row in mail]
        assert storage.claim_outbox("other", LATER, 10, LEASE) == ()

    def test_a_message_keeps_its_content(self, opening: Opening) -> None:
        """Text, recipients, kind and instant of a message come back as they were appended."""
        storage = opening()
        told = evolve(message("m", "mail"), kind="command", to=("person:李", "customer:C:1"), at=START + MOMENT)
        storage.append(commit(note(ONE, 1), messages=[told]))
        (row,) = storage.claim_outbox("mail", LATER, 10, LEASE)
        assert row.message == told
        assert row.message.what.text("zh") == told.what.text("zh")

    def test_the_oldest_comes_first(self, opening: Opening) -> None:
        """Rows come in the order in which they came to be owed, at most `limit`."""
        storage = opening()
        for version, id in enumerate("edcba", 1):
            storage.append(commit(note(ONE, version), messages=[message(id, "mail")]))
        claimed = [_ids(storage.claim_outbox("mail", LATER, 2, LEASE)) for _ in range(4)]
        assert claimed == [["e", "d"], ["c", "b"], ["a"], []]

    def test_a_claim_is_a_lease(self, opening: Opening) -> None:
        """A claimed row is not claimed again before `now + lease`; then it is."""
        storage = _owing(opening)
        assert len(storage.claim_outbox("mail", LATER, 10, LEASE)) == 1
        assert storage.claim_outbox("mail", LATER, 10, LEASE) == ()
        assert storage.claim_outbox("mail", LATER + LEASE - MOMENT, 10, LEASE) == ()
        assert len(storage.claim_outbox("mail", LATER + LEASE, 10, LEASE)) == 1

    def test_each_claim_is_an_attempt(self, opening: Opening) -> None:
        """`attempts` counts the claims, this one among them, and each claim has another token."""
        storage = _owing(opening)
        claims = [_claim(storage, number) for number in range(3)]
        assert [row.attempts for row in claims] == [1, 2, 3]
        assert len({row.token for row in claims}) == 3
        assert [row.message for row in claims] == [message("m", "mail")] * 3

    def test_channels_are_claimed_apart(self, opening: Opening) -> None:
        """Claiming or acknowledging a message over one channel leaves it owed over the others."""
        storage = opening()
        storage.append(commit(note(ONE, 1), messages=[message("m", "mail", "sms")]))
        (mail,) = storage.claim_outbox("mail", LATER, 10, LEASE)
        assert storage.ack(mail) is True
        assert _ids(storage.claim_outbox("sms", LATER, 10, LEASE)) == ["m"]
        assert storage.claim_outbox("mail", LATER + LEASE, 10, LEASE) == ()

    # --- ack ------------------------------------------------------------------------------------------------------

    def test_an_acknowledged_row_is_gone(self, opening: Opening) -> None:
        """`ack` is True, and the row is never claimed again; the other rows are still owed."""
        storage = opening()
        storage.append(commit(note(ONE, 1), messages=[message("1", "mail"), message("2", "mail")]))
        rows = {row.message.id: row for row in storage.claim_outbox("mail", LATER, 10, LEASE)}
        assert storage.ack(rows["1"]) is True
        assert _ids(storage.claim_outbox("mail", LATER + LEASE, 10, LEASE)) == ["2"]
        assert storage.ack(rows["1"]) is False
        assert storage.buried(10) == ()

    def test_ack_after_the_lease_counts_when_nobody_claimed(self, opening: Opening) -> None:
        """A claim whose lease has ended is still the last one until somebody claims again."""
        storage = _owing(opening)
        row = _claim(storage, 0)
        assert storage.claim_outbox("other", LATER + 9 * LEASE, 10, LEASE) == ()
        assert storage.ack(row) is True
        assert storage.claim_outbox("mail", LATER + 9 * LEASE, 10, LEASE) == ()

    def test_ack_with_an_old_token_is_false(self, opening: Opening) -> None:
        """`ack` by somebody whose row was claimed again is False and changes nothing."""
        storage = _owing(opening)
        old, new = _claim(storage, 0), _claim(storage, 1)
        assert storage.ack(old) is False
        assert _claim(storage, 2).attempts == 3
        assert storage.ack(new) is False

    # --- retry ----------------------------------------------------------------------------------------------------

    def test_a_row_to_retry_waits_until_then(self, opening: Opening) -> None:
        """`retry(row, at)` is True: the row is claimed from `at` on, to the microsecond, whatever the lease was."""
        storage = _owing(opening)
        for at in (LATER + MINUTE, LATER + 60 * MINUTE):
            (row,) = storage.claim_outbox("mail", at - MINUTE, 10, LEASE)
            assert storage.retry(row, at) is True
            assert storage.claim_outbox("mail", at - MOMENT, 10, LEASE) == ()
        assert [row.attempts for row in storage.claim_outbox("mail", LATER + 60 * MINUTE, 10, LEASE)] == [3]

    def test_retry_with_an_old_token_is_false(self, opening: Opening) -> None:
        """`retry` by somebody whose row was claimed again is False and does not touch the new lease."""
        storage = _owing(opening)
        old, new = _claim(storage, 0), _claim(storage, 1)
        assert storage.retry(old, LATER) is False
        assert storage.claim_outbox("mail", LATER + LEASE + MINUTE, 10, LEASE) == ()
        assert storage.ack(new) is True

    # --- bury -----------------------------------------------------------------------------------------------------

    def test_a_buried_row_is_kept_with_its_reason(self, opening: Opening) -> None:
        """`bury` is True: the row is never claimed again, and `buried` gives it with the reason, be that empty."""
        storage = opening()
        for version, (id, reason) in enumerate([("1", "没有地址"), ("2", "")], 1):
            storage.append(commit(note(ONE, version), messages=[message(id, "mail", "sms")]))
            (row,) = storage.claim_outbox("mail", LATER, 10, LEASE)
            assert storage.bury(row, reason) is True
        assert storage.claim_outbox("mail", LATER + 9 * LEASE, 10, LEASE) == ()
        kept = storage.buried(10)
        assert [(row.message, row.channel, row.attempts, reason) for row, reason in kept] == [
            (message("1", "mail", "sms"), "mail", 1, "没有地址"),
            (message("2", "mail", "sms"), "mail", 1, ""),
        ]
        assert len(storage.claim_outbox("sms", LATER, 10, LEASE)) == 2

    def test_buried_rows_come_oldest_first(self, opening: Opening) -> None:
        """`buried` gives at most `limit` rows, those that came to be owed first before the others."""
        storage = opening()
        for version, id in enumerate("cab", 1):
            storage.append(commit(note(ONE, version), messages=[message(id, "mail")]))
        for row in storage.claim_outbox("mail", LATER, 10, LEASE):
            storage.bury(row, "no")
        assert [row.message.id for row, _ in storage.buried(10)] == ["c", "a", "b"]
        assert [row.message.id for row, _ in storage.buried(2)] == ["c", "a"]

    def test_bury_with_an_old_token_is_false(self, opening: Opening) -> None:
        """`bury` by somebody whose row was claimed again is False, and nothing is given up."""
        storage = _owing(opening)
        old, new = _claim(storage, 0), _claim(storage, 1)
        assert storage.bury(old, "no") is False
        assert storage.buried(10) == ()
        assert storage.ack(new) is True

    # --- the same id ----------------------------------------------------------------------------------------------

    def test_a_message_with_the_same_id_is_owed_once(self, opening: Opening) -> None:
        """A message whose id is owed already over a channel is not owed twice over it."""
        storage = opening()
        storage.append(commit(note(ONE, 1), messages=[message("m", "mail"), message("m", "mail")]))
        storage.append(commit(note(TWO, 1), messages=[message("m", "mail", "sms")]))
        assert _ids(storage.claim_outbox("mail", LATER, 10, LEASE)) == ["m"]
        assert _ids(storage.claim_outbox("sms", LATER, 10, LEASE)) == ["m"]

    def test_a_new_message_leaves_old_claims(self, opening: Opening) -> None:
        """An append touches no row that is owed already: lease, attempts and what was given up stay."""
        storage = opening()
        storage.append(commit(note(ONE, 1), messages=[message("1", "mail"), message("2", "mail")]))
        claimed = {row.message.id: row for row in storage.claim_outbox("mail", LATER, 10, LEASE)}
        storage.bury(claimed["2"], "no")
        storage.append(commit(note(ONE, 2), messages=[message(id, "mail") for id in ("1", "2", "3")]))
        assert _ids(storage.claim_outbox("mail", LATER, 10, LEASE)) == ["3"]
        assert storage.ack(claimed["1"]) is True
        assert [row.message.id for row, _ in storage.buried(10)] == ["2"]


def _owing(opening: Opening) -> Storage:
    """A storage that owes one message over `mail`."""
    storage = opening()
    storage.append(commit(note(ONE, 1), messages=[message("m", "mail")]))
    return storage


def _claim(storage: Storage, number: int) -> OutboxRow:
    """The one row over `mail`, claimed when the lease of the claim before has ended."""
    (row,) = storage.claim_outbox("mail", LATER + number * LEASE, 10, LEASE)
    return row


def _ids(rows: tuple[OutboxRow, ...]) -> list[str]:
    return [row.message.id for row in rows]
