//! One form posted to one address, such as a hub's. Guarded as any request, and simpler: no redirect is
//! followed and no body is read.

use http::header::{CONTENT_TYPE, HeaderValue};
use url::form_urlencoded::Serializer;

use crate::model::exchange::{FetchFault, ResponseHead};
use crate::read::link;

use super::{Fetcher, head, redirect, request};

impl Fetcher {
    /// Posts a form and returns the head of the answer: waits for the host's turn, then asks once.
    ///
    /// # Errors
    /// When there is no answer, or the address may not be asked.
    pub async fn post_form(&self, url: &str, form: &[(&str, &str)]) -> Result<ResponseHead, FetchFault> {
        let mut at = request::target(url).map_err(|why| FetchFault::BadUrl { why })?;
        redirect::admit(self, &at)?;
        let _turn = self.turn(&at, &link::server_of(&at)).await?;
        let body = Serializer::new(String::new()).extend_pairs(form).finish();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        let asked = self.clients.keeping.post(at.clone()).header(CONTENT_TYPE, form).body(body).send();
        let limit = self.limits.timeout;
        match tokio::time::timeout(limit, asked).await {
            Ok(Ok(answer)) => {
                request::without_credentials(&mut at);
                Ok(head::read(answer.status().as_u16(), &at, Vec::new(), answer.headers()))
            }
            Ok(Err(error)) => Err(self.fault(&error, &at)),
            Err(_) => Err(FetchFault::Timeout { after: limit }),
        }
    }
}
