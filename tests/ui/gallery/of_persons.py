"""The scenes of the place "needs a person", as the list of them."""

from app.domain.resolution import Action as Decision
from tests.ui.fakes import small_catalog
from tests.ui.gallery import needing
from tests.ui.gallery.scene import Scene


def needing_scenes() -> tuple[Scene, ...]:
    """Give the scenes of the place "needs a person"."""
    return (
        Scene("person-empty", needing.nothing_waits),
        Scene("person-all-kinds", needing.all_kinds),
        Scene("person-dispute-due", needing.dispute_due),
        Scene("person-dispute-overdue", needing.dispute_overdue),
        Scene("person-dispute-lost", needing.dispute_lost),
        Scene("person-many", needing.many_entries),
        Scene("person-late", needing.one_late),
        Scene("person-ways", needing.scrolled_to_ways),
        Scene("person-long", needing.long_texts, catalog=small_catalog),
        Scene("person-form-accept", needing.form(Decision.ACCEPT)),
        Scene("person-form-refund", needing.form(Decision.REFUND)),
        Scene("person-form-assign", needing.form(Decision.ASSIGN)),
        Scene("person-form-write-off", needing.write_off),
        Scene("person-form-empty", needing.form_empty),
        Scene("person-form-too-much", needing.form_too_much),
        Scene("person-form-long-reason", needing.form_long_reason),
        Scene("person-form-order-found", needing.form_assigned),
        Scene("person-form-no-fit", needing.form_no_fit),
        Scene("person-busy", needing.busy),
        Scene("person-refused", needing.refused),
        Scene("person-failed", needing.failed),
        Scene("person-under-way", needing.under_way),
        Scene("person-given-back", needing.given_back),
    )
