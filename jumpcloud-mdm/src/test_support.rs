//! How the unit tests show requests.

use crate::Request;

/// `METHOD path?query` and the body, for snapshots.
pub(crate) fn shown(request: &Request) -> String {
    let query: Vec<String> = request
        .query_pairs()
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut text = format!("{} {}", request.method(), request.path());
    if !query.is_empty() {
        text = format!("{text}?{}", query.join("&"));
    }
    if let Some(body) = request.json_body() {
        text = format!("{text} {body}");
    }
    text
}

/// A small profile with a SCEP payload whose challenge must be seen nowhere.
pub(crate) const PROFILE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>PayloadContent</key>
	<array>
		<dict>
			<key>PayloadContent</key>
			<dict>
				<key>Challenge</key>
				<string>canary-challenge</string>
				<key>URL</key>
				<string>https://acme.okta.com/scep</string>
			</dict>
			<key>PayloadIdentifier</key>
			<string>com.example.trust.scep</string>
			<key>PayloadType</key>
			<string>com.apple.security.scep</string>
			<key>PayloadUUID</key>
			<string>7C9E6679-7425-40DE-944B-E07FC1F90AE7</string>
			<key>PayloadVersion</key>
			<integer>1</integer>
		</dict>
	</array>
	<key>PayloadIdentifier</key>
	<string>com.example.trust</string>
	<key>PayloadType</key>
	<string>Configuration</string>
	<key>PayloadUUID</key>
	<string>1B4E28BA-2FA1-41D2-883F-0016D3CCA427</string>
	<key>PayloadVersion</key>
	<integer>1</integer>
</dict>
</plist>
"#;
