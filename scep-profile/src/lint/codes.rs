//! The codes of this crate. `LINTS.md` describes each with an example and its mend.

use mobileconfig::lint::Severity::{Error, Info, Warning};
use mobileconfig::lint_codes;

lint_codes! {
    KEYS_BESIDE = "scep-keys-beside", Error, "Keys stand beside PayloadContent, not in it";
    MISSPELT_KEY = "scep-misspelt-key", Warning, "A key is not spelt as SCEP's is, so its default is used";
    NUMBER_AS_TEXT = "scep-number-as-text", Error, "A number is written as a text";
    URL = "scep-url", Error, "The URL is none that a client can append its operation to";
    HTTP_UNPINNED = "scep-http-unpinned", Warning, "Over http, without a fingerprint, anyone on the way can pass for the CA";
    FINGERPRINT_TEXT = "scep-fingerprint-text", Error, "CAFingerprint holds the text of a fingerprint in place of its bytes";
    FINGERPRINT_LENGTH = "scep-fingerprint-length", Error, "CAFingerprint has a length that macOS does not take, or is MD5";
    FINGERPRINT_SHA1 = "scep-fingerprint-sha1", Info, "CAFingerprint is SHA-1, and the system takes SHA-256";
    NO_CHALLENGE = "scep-no-challenge", Warning, "There is no challenge";
    BLANK_CHALLENGE = "scep-blank-challenge", Error, "The challenge is empty or white space";
    PADDED_CHALLENGE = "scep-padded-challenge", Warning, "The challenge begins or ends with white space";
    DEFAULT_KEY_SIZE = "scep-default-key-size", Warning, "Without Keysize the key has 1024 bits";
    WEAK_KEY_SIZE = "scep-weak-key-size", Warning, "A key of 1024 bits or fewer can be broken";
    DEFAULT_KEY_USAGE = "scep-default-key-usage", Warning, "Without Key Usage the request asks for none";
    KEY_USAGE = "scep-key-usage", Warning, "Key Usage is neither signing, encryption nor both";
    KEY_TYPE = "scep-key-type", Error, "Key Type is not RSA";
    DEFAULT_EXTRACTABLE = "scep-default-extractable", Warning, "Without KeyIsExtractable the private key can be exported";
    EXTRACTABLE_TO_ALL = "scep-extractable-to-all", Warning, "Any app can take the private key away";
    RENEWAL_NOTICE = "scep-renewal-notice", Info, "People are told to renew, and the CA does not renew";
    EARLY_NOTICE = "scep-early-notice", Warning, "People are told to renew from the first day on";
    SUBJECT_NESTING = "scep-subject-nesting", Error, "The subject is not nested in three arrays";
    SUBJECT_PAIR = "scep-subject-pair", Error, "A pair of the subject has not two items";
    SHARED_RDN = "scep-shared-rdn", Warning, "Several pairs of the subject share one array";
    SUBJECT_TYPE = "scep-subject-type", Warning, "A type in the subject that macOS turns into a meaningless identifier";
    PRINCIPAL_NAMES = "scep-principal-names", Error, "ntPrincipalName is an array";
    NAME_CASE = "scep-name-case", Info, "An alternative name is spelt in another case than in Apple's schema";
    SKIPPED_NAME = "scep-skipped-name", Warning, "macOS leaves this alternative name out without a word";
    VARIABLE = "scep-variable", Warning, "JumpCloud is not known to fill in this variable";
    DEVICE_VARIABLE = "scep-device-variable", Warning, "Every Mac would have to fill in this variable itself";
}
