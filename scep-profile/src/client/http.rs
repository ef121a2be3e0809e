//! The few HTTP calls of RFC 8894 section 4.

use super::Error;
use crate::ScepUrl;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Response;
use reqwest::header::CONTENT_TYPE;
use url::Url;

/// A CA chain has a few KiB; whatever is longer is no answer.
const MAX_BODY: usize = 1024 * 1024;

#[derive(Clone, Debug)]
pub(super) struct Http {
    url: ScepUrl,
    pub(super) name: Option<String>,
    client: reqwest::Client,
}

/// An answer with a status of success.
pub(super) struct Answered {
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Http {
    pub(super) fn new(url: ScepUrl, client: reqwest::Client) -> Self {
        Self {
            url,
            name: None,
            client,
        }
    }

    pub(super) async fn get(
        &self,
        operation: &'static str,
        message: Option<&[u8]>,
    ) -> Result<Answered, Error> {
        let message = match message {
            Some(message) => Some(STANDARD.encode(message)),
            None => self.name.clone(),
        };
        let request = self.client.get(self.address(operation, message.as_deref()));
        let answer = request
            .send()
            .await
            .map_err(|error| self.transport(operation, error))?;
        self.body(operation, answer).await
    }

    pub(super) async fn post(
        &self,
        operation: &'static str,
        message: &[u8],
    ) -> Result<Answered, Error> {
        let request = self
            .client
            .post(self.address(operation, None))
            .header(CONTENT_TYPE, "application/x-pki-message")
            .body(message.to_vec());
        let answer = request
            .send()
            .await
            .map_err(|error| self.transport(operation, error))?;
        self.body(operation, answer).await
    }

    fn address(&self, operation: &str, message: Option<&str>) -> Url {
        let mut url = self.url.as_url().clone();
        let mut query = url.query_pairs_mut();
        query.append_pair("operation", operation);
        if let Some(message) = message {
            query.append_pair("message", message);
        }
        drop(query);
        url
    }

    async fn body(&self, operation: &'static str, mut answer: Response) -> Result<Answered, Error> {
        if !answer.status().is_success() {
            return Err(Error::Status {
                operation,
                url: self.url.to_string(),
                status: answer.status().as_u16(),
            });
        }
        let content_type = answer.headers().get(CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|error| self.transport(operation, error))?
        {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(Error::TooLarge {
                    operation,
                    url: self.url.to_string(),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answered { content_type, body })
    }

    fn transport(&self, operation: &'static str, error: reqwest::Error) -> Error {
        Error::transport(operation, self.url.as_str(), error)
    }
}
