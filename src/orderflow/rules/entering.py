"""Entering a stage: the one way in which a track comes into one, whoever or whatever moves it."""

from __future__ import annotations

from typing import Any

from orderflow.model.events import QuantityMoved, StageEntered
from orderflow.model.quantities import Transfer
from orderflow.rules.draft import Draft
from orderflow.rules.owner import assign_by_rule


def enter(
    draft: Draft, track: str, stage: str, *, source: str | None = None, source_seq: int | None = None, **body: Any
) -> None:
    """Record that a track entered a stage, and its owner; a track that ends lets go of the lines that it carries.

    `body`: the further fields of `StageEntered`.
    """
    category = draft.program.lifecycle(track).lifecycle.stages[stage].category
    entered = StageEntered(stage=stage, category=category, **body)
    draft.add(entered, track=track, source=source, source_seq=source_seq)
    assign_by_rule(draft, track, stage)


def release(draft: Draft, track: str) -> None:
    """A track that has ended carries nothing any more; what it carried stays in its line stages."""
    if draft.order.tracks[track].category not in ("done", "cancelled"):
        return
    transfers = [
        Transfer(line=line, quantity=lot.quantity, source=lot.stage, dest=lot.stage, from_track=track)
        for line, state in draft.order.quantities.items()
        for lot in state.lots
        if lot.track == track
    ]
    if transfers:
        draft.add(QuantityMoved(cause="released", transfers=transfers), track=track)
