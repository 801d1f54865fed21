# SPDX-License-Identifier: Apache-2.0
"""An API server that misbehaves in every way: no token on an unclear answer, 401 for the caller's
fault and 503 for ours, discovery answered throughout, and recovery without a restart."""

import time

from fake_cluster import bound
from misbehaving import LISTS, Case

# fake_cluster has put tests/kube on the path.
import fake_apiserver as fake
import test_reviews

REVIEW = "tokenreviews$"
ACCESS = "subjectaccessreviews$"
ACCOUNT = "GET /api/v1/namespaces/shop/serviceaccounts/web$"
NAMESPACE = "GET /api/v1/namespaces/shop$"

# Of an object that is asked for, beyond what test_reviews has for any answer.
OBJECT = {
    "another_name": lambda o: o["metadata"].update(name="other"),
    "another_namespace": lambda o: o["metadata"].update(namespace="other"),
    "no_uid": lambda o: o["metadata"].pop("uid"),
    "empty_uid": lambda o: o["metadata"].update(uid=""),
    "uid_number": lambda o: o["metadata"].update(uid=7),
    "uid_with_newline": lambda o: o["metadata"].update(uid="a\nb"),
    "metadata_list": lambda o: o.update(metadata=[]),
    "a_list_of_them": lambda o: o.update(kind=o["kind"] + "List"),
    "another_kind": lambda o: o.update(kind="ConfigMap"),
    "wrong_version": lambda o: o.update(apiVersion="v2"),
    "annotations_list": lambda o: o["metadata"].update(annotations=["a"]),
    "annotation_number": lambda o: o["metadata"].update(annotations={"a": 1}),
    "label_with_nul": lambda o: o["metadata"].update(labels={"a": "x\0y"}),
}
POD = {
    "spec_missing": lambda o: o.pop("spec"),
    "spec_text": lambda o: o.update(spec="web"),
    "account_number": lambda o: o["spec"].update(serviceAccountName=1),
    "node_list": lambda o: o["spec"].update(nodeName=["n1"]),
    "account_endless": lambda o: o["spec"].update(serviceAccountName="w" * 300),
    "node_endless": lambda o: o["spec"].update(nodeName="n" * 300),
}
# A 404 that is no Status of Kubernetes is a proxy's, and says nothing.
NOT_FOUND = {
    "404_html": fake.reply(404, b"<html>no such page</html>", {"Content-Type": "text/html"}),
    "404_empty": fake.reply(404),
    "404_for_another_reason": fake.fail(404, "Gone"),
}


# These cost a time-out each, so they are tried with one question of each form.
SLOW = {"no_answer", "one_byte_at_a_time", "informational_only"}
QUICK = {name: act for name, act in test_reviews.TRANSPORT.items() if name not in SLOW}


def edits(table):
    return {name: fake.change_json(edit) for name, edit in table.items()}


def for_an_object(more=()):
    """test_reviews' faults for a GET: some answers to a review are right ones here."""
    faults = {name: act for name, act in QUICK.items()
              if not name.startswith("status_") and name not in ("http_404", "number_too_big")}
    return {**faults, **edits(OBJECT), **edits(dict(more)), **NOT_FOUND}


def cluster_wide(faults):
    """The same for an object that is in no Namespace."""
    changed = dict(faults)
    del changed["another_namespace"]
    changed["in_a_namespace"] = fake.change_json(lambda o: o["metadata"].update(namespace="shop"))
    return changed


class Reviews(Case):
    def test_of_the_token_unclear(self):
        self.begin()
        faults = {**test_reviews.TRANSPORT, **test_reviews.TOKEN_UNCLEAR}
        self.assertGreater(self.break_and_mend(REVIEW, faults, self.ask, 503), 60)

    def test_of_the_token_refused(self):
        self.begin()
        self.break_and_mend(REVIEW, test_reviews.TOKEN_REFUSED, self.ask, 401)

    def test_of_the_access_unclear(self):
        self.begin()
        faults = {**QUICK, **test_reviews.ACCESS_UNCLEAR}
        self.assertGreater(self.break_and_mend(ACCESS, faults, self.ask, 503), 50)

    def test_of_the_access_refused(self):
        self.begin()
        self.break_and_mend(ACCESS, test_reviews.ACCESS_REFUSED, self.ask, 403)

    def test_of_the_subject_unclear(self):
        self.begin()
        faults = {**test_reviews.TRANSPORT, **test_reviews.TOKEN_UNCLEAR}
        self.break_and_mend(REVIEW, faults, self.exchange, 503)

    def test_of_the_subject_refused(self):
        self.begin()
        self.break_and_mend(REVIEW, test_reviews.TOKEN_REFUSED, self.exchange, 400)


class Objects(Case):
    def test_accounts_that_are_not_in_memory(self):
        self.begin(lambda c, d: self.api.fault(LISTS, fake.fail(500)))
        self.break_and_mend(ACCOUNT, for_an_object(), self.ask, 503)

    def test_namespaces_that_are_not_in_memory(self):
        self.begin(lambda c, d: self.api.fault(LISTS, fake.fail(500)))
        self.break_and_mend(NAMESPACE, cluster_wide(for_an_object()), self.ask, 503)

    def test_pods(self):
        self.begin()
        self.break_and_mend("GET .*/pods/web-1$", for_an_object(POD),
                            lambda: self.ask(bound("Pod", "web-1")), 503)

    def test_pods_of_an_exchange(self):
        self.begin()
        self.break_and_mend("GET .*/pods/web-1$", for_an_object(POD), self.exchange, 503)

    def test_nodes_of_pods(self):
        self.begin()
        self.break_and_mend("GET .*/nodes/n1$", cluster_wide(for_an_object()),
                            lambda: self.ask(bound("Pod", "web-1")), 503)

    def test_secrets(self):
        self.begin()
        self.break_and_mend("GET .*/secrets/s$", for_an_object(),
                            lambda: self.ask(bound("Secret", "s")), 503)

    def test_what_is_being_deleted(self):
        """A pod has until its deletion timestamp, which holds its grace period."""
        self.begin()
        for at, status in ((-1, 404), (3600, 201)):
            stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + at))
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=stamp)
            self.assertEqual(self.ask(bound("Pod", "web-1")).status, status)
        for odd in ("soon", 7, ["2099-01-01T00:00:00Z"], True):
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=odd)
            self.assertRefused(self.ask(bound("Pod", "web-1")), 404)
        for nothing in (None, ""):
            self.cluster.pod("shop", "web-1", "web", "n1", deletionTimestamp=nothing)
            self.assertGiven(self.ask(bound("Pod", "web-1")))
