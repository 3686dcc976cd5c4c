"""What a customer sees of a card that is being saved: the code and how it ends, not whose it is."""

from typing import Final

from ui.cards.state import CardModel, CardPhase
from ui.display.model import DisplayCode, DisplayModel, Ending, Face

_FACES: Final = {
    CardPhase.OPENING: Face.PREPARING,
    CardPhase.WAITING: Face.CODE,
    CardPhase.DECLINED: Face.CODE,
    CardPhase.PROCESSING: Face.CARD_CHECKING,
    CardPhase.CLOSING: Face.CARD_CHECKING,
    CardPhase.UNKNOWN: Face.CARD_CHECKING,
    CardPhase.MAKING_SURE: Face.CARD_CHECKING,
    CardPhase.REFUSED: Face.CARD_NOT_SAVED,
    CardPhase.FAILED: Face.CARD_NOT_SAVED,
    CardPhase.EXPIRED: Face.CARD_NOT_SAVED,
    CardPhase.CANCELLED: Face.CARD_NOT_SAVED,
    CardPhase.SAVED: Face.CARD_SAVED,
}
_ENDINGS: Final = {CardPhase.EXPIRED: Ending.EXPIRED, CardPhase.CANCELLED: Ending.CANCELLED}


def card_shown(model: CardModel) -> DisplayModel:
    """Take from a card that is being saved what its customer may see."""
    face = _FACES[model.phase]
    if model.url is not None:
        code = DisplayCode(
            url=model.url,
            host=model.host,
            ends_at=model.ends_at,
            was_declined=model.phase is CardPhase.DECLINED,
            is_for_card=True,
        )
        return DisplayModel(face, model.shop, code=code)
    if model.phase is CardPhase.UNKNOWN and not model.was_shown:
        face = Face.PREPARING
    ending = _ENDINGS.get(model.phase, Ending.FAILED) if face is Face.CARD_NOT_SAVED else None
    return DisplayModel(face, model.shop, ending=ending)
