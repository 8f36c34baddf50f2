"""Disclosure: what a public document may show, and the proof that it shows no more."""

from capidoc.disclosure.assessment import assess, assess_run, assess_subset, redact
from capidoc.disclosure.consent_register import assess_consents, check_consents, consent_refusal
from capidoc.disclosure.leak_scan import fingerprints, scan_files
from capidoc.disclosure.releases import record_release
