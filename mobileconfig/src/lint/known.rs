//! What is known of profiles beyond Apple's schema, and what the schema cannot say.

use crate::schema::Key;

/// Where a key is documented that Apple's schema does not have at this place. `scope` is the payload type, empty for the
/// profile itself.
pub(super) fn documented(scope: &str, name: &str) -> Option<&'static str> {
    BEYOND
        .iter()
        .find(|(place, key, _)| *key == name && [scope, ANYWHERE].contains(place))
        .map(|(_, _, text)| *text)
}

const ANYWHERE: &str = "*";

const BEYOND: [(&str, &str, &str); 5] = [
    (
        ANYWHERE,
        "PayloadEnabled",
        "Apple does not document it, and a third of the profiles in use have it, since editors and MDM servers add it",
    ),
    (
        "",
        "IsEncrypted",
        "earlier versions of the schema had it, beside EncryptedPayloadContent",
    ),
    (
        "",
        "HasRemovalPasscode",
        "earlier versions of the schema had it",
    ),
    (
        "com.apple.security.scep",
        "CertificateRenewalTimeInterval",
        "Apple documents it for com.apple.ADCertificate.managed (days before expiry when the user is told), and the \
         ProfileManifests project for SCEP",
    ),
    (
        "com.apple.security.scep",
        "iPAddress",
        "the open source of Apple's certificate requests understands it as a subject alternative name",
    ),
];

/// True for a subject alternative name that may be a text or an array of texts (Apple's errata for iOS 17 and macOS 14);
/// `ntPrincipalName` may not.
pub(super) fn is_text_or_texts(key: &Key) -> bool {
    let polymorphic = ["rfc822Name", "dNSName", "uniformResourceIdentifier"];
    polymorphic.contains(&key.name())
        && key
            .path()
            .ends_with(&format!("SubjectAltName/{}", key.name()))
}

/// True for a key whose name is only an example: realms are the keys of `domainRealmMapping`.
pub(super) fn is_example_name(key: &Key) -> bool {
    key.name() == "Realm" && key.path().ends_with("domainRealmMapping/Realm")
}

/// True for a dictionary whose keys somebody else defines, so that those in the schema are examples. Where the schema says so it
/// has the key `ANY`; for the `VendorConfig` of a VPN it only names keys of some vendors, in words, and every other
/// vendor has its own.
pub(super) fn is_open(key: &Key) -> bool {
    key.name() == "VendorConfig"
}

/// The keys that really stand below `key`: the schema gives `ConsentText` one dictionary too many between itself and the
/// languages.
pub(super) fn keys_below(key: &Key) -> Vec<Key> {
    match key.keys().next() {
        Some(item) if item.name() == "ConsentTextItem" => item.keys().collect(),
        _ => key.keys().collect(),
    }
}
