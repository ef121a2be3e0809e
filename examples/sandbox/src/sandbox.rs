//! The running sandbox: two listeners on loopback, the Macs, and one world behind them.

use std::{net::Ipv4Addr, path::Path, sync::Arc, time::Duration};

use axum::{Router, middleware};
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    connection::{Connection, Connections, CuttableListener},
    error::Error,
    faults::Fault,
    fleet, jumpcloud, okta,
    options::Options,
    recorded::{RecordedRequest, Side},
    secrets::SecretsInUse,
    shared::Shared,
    traffic,
    world::{Ports, World},
};

/// An embedded Okta (with SCEP under it) and JumpCloud, and the Macs between them.
///
/// Dropping it stops it at once; [`Sandbox::stop`] also gives the world back.
///
/// ```
/// use device_trust_sandbox::{Options, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let sandbox = Sandbox::start(Options { fleet: false, ..Options::default() }).await?;
/// let org = reqwest::get(format!("{}/.well-known/okta-organization", sandbox.okta_url())).await?;
/// assert!(org.text().await?.contains("\"pipeline\":\"idx\""));
/// assert_eq!(sandbox.requests()[0].path, "/.well-known/okta-organization");
/// sandbox.stop().await;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Sandbox {
    shared: Shared,
    first_seq: u64,
    halt: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Opens the listeners on 127.0.0.1 and starts the Macs.
    ///
    /// # Errors
    ///
    /// [`Error::PortTaken`] when a port of a loaded world is held by another process,
    /// [`Error::Listen`] when no listener can be opened, [`Error::Seed`] when a fresh world cannot be
    /// made.
    pub async fn start(mut options: Options) -> Result<Self, Error> {
        let mut world = match options.world.take() {
            Some(mut world) => {
                world.secrets.override_with(&options.secrets);
                world
                    .scep
                    .reset_challenge(world.secrets.scep_challenge.clone());
                if let Some(key) = options.service_app_key.take() {
                    world.okta.set_service_app_key(key);
                }
                world
            }
            None => World::seeded(&options)?,
        };
        let okta_listener = listen("okta", world.ports.okta).await?;
        let jumpcloud_listener = listen("jumpcloud", world.ports.jumpcloud).await?;
        world.ports = Ports {
            okta: port("okta", &okta_listener)?,
            jumpcloud: port("jumpcloud", &jumpcloud_listener)?,
        };
        let first_seq = world.requests.last().map_or(1, |last| last.seq + 1);
        let (okta_url, jumpcloud_url) = (base(world.ports.okta), base(world.ports.jumpcloud));
        let shared = Shared::new(
            world,
            options.faults,
            options.rate_limits,
            okta_url,
            jumpcloud_url,
        );

        let (halt, halted) = watch::channel(false);
        let mut tasks = vec![
            serve(
                okta_listener,
                okta::router(shared.clone()),
                &shared,
                Side::Okta,
                halted.clone(),
            ),
            serve(
                jumpcloud_listener,
                jumpcloud::router(shared.clone()),
                &shared,
                Side::JumpCloud,
                halted,
            ),
        ];
        if options.fleet {
            tasks.push(tokio::spawn(fleet::run(shared.clone(), options.pace)));
        }
        Ok(Self {
            shared,
            first_seq,
            halt,
            tasks,
        })
    }

    /// The Okta org's base URL, e.g. `http://127.0.0.1:49152`.
    #[must_use]
    pub fn okta_url(&self) -> &str {
        self.shared.okta_url()
    }

    /// JumpCloud's console base URL, without `/api`.
    #[must_use]
    pub fn jumpcloud_url(&self) -> &str {
        self.shared.jumpcloud_url()
    }

    /// The SCEP URL, of Okta's shape `…/pki/{40 HEX}/scep/rac{17 alphanumerics}`.
    #[must_use]
    pub fn scep_url(&self) -> String {
        self.shared.scep_url()
    }

    /// The certification authority's certificates as DER, the issuing one first.
    #[must_use]
    pub fn ca_certificates(&self) -> Vec<Vec<u8>> {
        self.shared.world().scep.ca_certificates()
    }

    /// Every request so far, those of earlier runs of a loaded world included.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.shared.world().requests.clone()
    }

    /// The requests since this sandbox was started.
    #[must_use]
    pub fn requests_of_this_run(&self) -> Vec<RecordedRequest> {
        let world = self.shared.world();
        world
            .requests
            .iter()
            .filter(|entry| entry.seq >= self.first_seq)
            .cloned()
            .collect()
    }

    /// The secrets in use.
    #[must_use]
    pub fn secrets(&self) -> SecretsInUse {
        self.shared.world().secrets.clone()
    }

    /// The handle that the services and the Macs work on, for tests that look behind the API.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Arms one more fault.
    pub fn arm(&self, fault: Fault) {
        self.shared.faults().arm(fault);
    }

    /// Disarms all faults.
    pub fn disarm(&self) {
        *self.shared.faults() = crate::Faults::none();
    }

    /// Handles every request that [`Effect::Late`](crate::Effect::Late) still holds back, in the order in which they came.
    pub async fn land(&self) {
        let due = self.shared.late().all();
        for handling in due {
            handling.await;
        }
    }

    /// Puts the world back to `world`, save ports and secrets, which stay those in use; no fault stays armed, no
    /// request is held back, and no answer is remembered for a stale read. Many short tests can so share a sandbox and the clients of it.
    pub fn restore(&self, world: &World) {
        self.disarm();
        self.shared.last_answers().clear();
        drop(self.shared.late().all());
        let mut current = self.shared.world();
        let kept = (current.ports, current.secrets.clone());
        *current = world.clone();
        (current.ports, current.secrets) = kept;
    }

    /// How many connections clients have open to a service, and had at most.
    #[must_use]
    pub fn connections(&self, side: Side) -> Connections {
        self.shared.connections(side).read()
    }

    /// Moves the world's clock forward: certificates age, sessions end.
    ///
    /// Rate-limit windows stay on the real clock, as the `Date` header does.
    pub fn advance(&self, by: Duration) {
        let mut world = self.shared.world();
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        world.clock_ahead = world.clock_ahead.saturating_add(seconds);
    }

    /// Saves the world as it is now, with mode 0600.
    ///
    /// # Errors
    ///
    /// [`Error::File`] when the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let world = self.shared.world().clone();
        world.save(path)
    }

    /// Stops listeners and Macs, and gives the world back.
    pub async fn stop(mut self) -> World {
        let _ = self.halt.send(true);
        for task in &mut self.tasks {
            // A client that keeps its connection busy must not keep the sandbox alive.
            if tokio::time::timeout(Duration::from_millis(500), &mut *task)
                .await
                .is_err()
            {
                task.abort();
            }
        }
        self.shared.world().clone()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        // They hold the world that holds them.
        drop(self.shared.late().all());
    }
}

async fn listen(side: &'static str, port: u16) -> Result<TcpListener, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .map_err(|source| match source.kind() {
            std::io::ErrorKind::AddrInUse => Error::PortTaken { side, port },
            _ => Error::Listen { side, source },
        })
}

fn port(side: &'static str, listener: &TcpListener) -> Result<u16, Error> {
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|source| Error::Listen { side, source })
}

fn base(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn serve(
    listener: TcpListener,
    router: Router,
    shared: &Shared,
    side: Side,
    mut halted: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let service = router
        .layer(middleware::from_fn_with_state(
            (shared.clone(), side),
            traffic::watch,
        ))
        .into_make_service_with_connect_info::<Connection>();
    let meter = Arc::clone(shared.connections(side));
    tokio::spawn(async move {
        let server = axum::serve(CuttableListener { listener, meter }, service)
            .with_graceful_shutdown(async move {
                let _ = halted.wait_for(|halted| *halted).await;
            })
            .into_future();
        // `axum::serve` never ends with an error: a failed accept is retried inside.
        let _ = server.await;
    })
}
