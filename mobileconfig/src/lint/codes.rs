//! The codes of this crate. `LINTS.md` describes each with an example and its mend.

use super::Severity::{Error, Info, Warning};
use crate::lint_codes;

lint_codes! {
    MISSING_KEY = "missing-key", Error, "A required key is missing";
    MISSING_VERSION = "missing-version", Warning, "PayloadVersion is missing";
    WRONG_TYPE = "wrong-type", Error, "A value has the wrong type";
    REAL_FOR_INTEGER = "real-for-integer", Warning, "A real number stands where an integer is due";
    NUMBER_FOR_BOOLEAN = "number-for-boolean", Warning, "0 or 1 stands where true or false is due";
    VALUE_NOT_ALLOWED = "value-not-allowed", Error, "A value is not one of those allowed";
    OUT_OF_RANGE = "out-of-range", Error, "A number is outside its range";
    WRONG_FORMAT = "wrong-format", Warning, "A text does not have the form it should";
    WRONG_COUNT = "wrong-count", Error, "An array has the wrong number of items";
    CONDITIONAL_KEY_MISSING = "conditional-key-missing", Error, "A key is missing that the value of another requires";
    CONFLICTING_KEYS = "conflicting-keys", Error, "A key or its value is not allowed beside another";
    KEY_WITHOUT_EFFECT = "key-without-effect", Warning, "A key has no effect beside the value of another";
    MISSPELT_KEY = "misspelt-key", Warning, "A key is spelt nearly like one of Apple's";
    UNKNOWN_KEY = "unknown-key", Info, "A key is not in Apple's schema";
    UNDOCUMENTED_KEY = "undocumented-key", Info, "A key is beyond Apple's schema and known from elsewhere";
    MISSPELT_PAYLOAD_TYPE = "misspelt-payload-type", Warning, "A payload type is spelt nearly like one of Apple's";
    UNKNOWN_PAYLOAD_TYPE = "unknown-payload-type", Info, "A payload type is not in Apple's schema";

    PAYLOAD_NOT_ON_OS = "payload-not-on-os", Warning, "The system does not have this payload";
    KEY_NOT_ON_OS = "key-not-on-os", Info, "The system does not have this key";
    NOT_YET_ON_OS = "not-yet-on-os", Warning, "A payload or key came with a later version of the system";
    DEPRECATED = "deprecated", Info, "A payload or key is deprecated";
    REMOVED = "removed", Warning, "A payload or key was removed from the system";
    WRONG_CHANNEL = "wrong-channel", Error, "A payload cannot come over this channel";
    KEY_WRONG_CHANNEL = "key-wrong-channel", Warning, "A key has no effect over this channel";
    SCOPE_AGAINST_CHANNEL = "scope-against-channel", Warning, "PayloadScope and the channel contradict each other";
    NEEDS_SUPERVISION = "needs-supervision", Error, "A payload takes a supervised device";
    KEY_NEEDS_SUPERVISION = "key-needs-supervision", Warning, "A key takes a supervised device";
    NEEDS_USER_APPROVED_MDM = "needs-user-approved-mdm", Error, "A payload takes user-approved MDM";
    NEEDS_MDM = "needs-mdm", Error, "A payload cannot be installed by hand";
    KEY_NEEDS_MDM = "key-needs-mdm", Warning, "A key has no effect when the profile is installed by hand";
    ONLY_ONE_ALLOWED = "only-one-allowed", Warning, "Only one payload of this type has an effect";
    WRONG_DEVICE_TYPE = "wrong-device-type", Warning, "TargetDeviceType names another kind of device";

    DUPLICATE_IDENTIFIER = "duplicate-identifier", Error, "Two payloads have one PayloadIdentifier";
    SHARED_IDENTIFIER = "shared-identifier", Info, "A payload has the PayloadIdentifier of the profile";
    EMPTY_IDENTIFIER = "empty-identifier", Error, "A PayloadIdentifier is empty";
    DUPLICATE_UUID = "duplicate-uuid", Error, "Two payloads have one PayloadUUID";
    SHARED_UUID = "shared-uuid", Warning, "A payload has the PayloadUUID of the profile";
    UUID_SHAPE = "uuid-shape", Warning, "A PayloadUUID is no UUID";
    UUID_CASE = "uuid-case", Info, "A PayloadUUID is not in upper case";
    DANGLING_REFERENCE = "dangling-reference", Error, "A key refers to a payload that is not in the profile";
    REFERENCE_KIND = "reference-kind", Error, "A key refers to a payload of the wrong kind";

    PEM_IN_DER = "pem-in-der", Warning, "A payload for DER holds PEM";
    DER_IN_PEM = "der-in-pem", Warning, "A payload for PEM holds DER";
    NOT_A_CERTIFICATE = "not-a-certificate", Error, "A certificate payload holds no certificate";
    SEVERAL_CERTIFICATES = "several-certificates", Warning, "A certificate payload holds several certificates";
    CERTIFICATE_EXPIRED = "certificate-expired", Warning, "A certificate has expired";
    CERTIFICATE_NOT_YET_VALID = "certificate-not-yet-valid", Warning, "A certificate is not valid yet";
    PAYLOADS_ENCRYPTED = "payloads-encrypted", Info, "The payloads are encrypted and were not checked";
    SECRET_IN_CLEAR = "secret-in-clear", Info, "A secret can be read by everyone who has the file";
    VARIABLE_IN_SIGNED = "variable-in-signed", Warning, "A server would have to fill in a variable in a signed profile";
    DATE_PASSED = "date-passed", Warning, "The profile has expired or is due for removal";

    BYTE_ORDER_MARK = "byte-order-mark", Info, "The document starts with a byte order mark";
    LEADING_WHITE_SPACE = "leading-white-space", Info, "White space stands before the start of the document";
    MISSING_DECLARATION = "missing-declaration", Info, "The XML declaration is missing";
    ENCODING_LABEL = "encoding-label", Info, "The XML declaration names another encoding than UTF-8";
    MISSING_PLIST_ELEMENT = "missing-plist-element", Info, "The element plist is missing";
    BINARY_DOCUMENT = "binary-document", Info, "The document is a binary property list";
    FRACTIONAL_SECOND = "fractional-second", Info, "A date has a fraction of a second";
    SIGNATURE_NOT_CHECKED = "signature-not-checked", Info, "The document is signed, and lint does not check signatures";
    MORE_FINDINGS = "more-findings", Info, "More was found than is reported";
}
