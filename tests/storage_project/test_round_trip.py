"""Whatever is done to whatever document comes back exactly, and so does every way back."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpaint_studio.document.document import Document
from tests.document.generators import documents, edits_of, fingerprint
from tests.storage_project.sessions import Session, opened, reopened

ACTIONS = st.sampled_from(["edit", "edit", "edit", "go to", "save", "reopen", "open project"])


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], max_examples=60)
@given(documents(), st.lists(ACTIONS, min_size=1, max_size=8), st.data())
def test_everything_comes_back(document, actions, data):
    with tempfile.TemporaryDirectory() as name:
        work = Work(Path(name), document)
        with work:
            for action in actions:
                work.act(action, data)
                assert fingerprint(work.session.document) == work.states[work.session.position]
            for position in [*range(len(work.states)), *reversed(range(len(work.states)))]:
                work.session.go_to(position)
                assert fingerprint(work.session.document) == work.states[position]
        assert not list(work.journals.glob("*.sqlite*"))


class Work:
    """A session that comes and goes, and what the document was like after every step."""

    def __init__(self, folder: Path, document: Document) -> None:
        self.journals = folder / "journals"
        self.target = folder / "Work.inpaint"
        self.session = Session.new(self.journals, document)
        self.states = [fingerprint(document)]

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_error: object) -> None:
        self.session.__exit__(None, None, None)

    def act(self, action: str, data: st.DataObject) -> None:
        session = self.session
        if action == "edit":
            edit = data.draw(edits_of(session.document))
            del self.states[session.position + 1 :]
            session.do(edit)
            self.states.append(fingerprint(session.document))
        elif action == "go to":
            session.go_to(data.draw(st.integers(0, len(session.numbers))))
        elif action == "save":
            assert session.save(self.target).position == session.position
        elif action == "reopen":
            self.session = reopened(session.crash(), session.document)
        else:
            session.save(self.target)
            session.writer.close()
            self.session = opened(self.target, self.journals, session.document.format)


@given(documents(), st.data())
def test_an_id_is_not_given_again_after_reopening(document, data):
    with tempfile.TemporaryDirectory() as name, Session.new(Path(name), document) as session:
        for _ in range(data.draw(st.integers(1, 3))):
            session.do(data.draw(edits_of(document)))
        given_so_far = document.new_id()
        used = {layer.id for layer in document.layers}
        with reopened(session.crash(), document) as again:
            fresh = again.document.new_id()
            assert fresh not in used
            assert int(fresh[1:]) <= int(given_so_far[1:])
