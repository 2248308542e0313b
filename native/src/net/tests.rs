// SPDX-License-Identifier: Apache-2.0

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::os::fd::{FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use crate::abi::common::SkreiStatus;
use crate::abi::p2p::SkreiP2pEventKind as Kind;
use crate::net::command::Command;
use crate::net::config::HostConfig;
use crate::net::event::Event;
use crate::net::host::Host;

const PROTOCOL: &str = "/skrei/test/1.0.0";

fn start(seed: u8) -> Host {
    Host::start(HostConfig {
        secret_key: vec![seed; 32],
        listen: vec!["/ip4/127.0.0.1/tcp/0".to_string()],
        stream_protocols: vec![PROTOCOL.to_string()],
        kad_protocol: "/skrei/kad/1.0.0".to_string(),
        dial_timeout_ms: 2000,
        ..HostConfig::default()
    })
    .unwrap()
}

/// The first event of the kind; others are passed over. Waits on the eventfd.
fn wait_for(host: &Host, kind: Kind) -> Event {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        while let Some(event) = host.next_event() {
            if event.kind == kind {
                return event;
            }
        }
        let left = end.saturating_duration_since(Instant::now()).as_millis() as i32;
        assert!(left > 0, "no {kind:?} within 20 s");
        let mut poll = libc::pollfd { fd: host.event_fd(), events: libc::POLLIN, revents: 0 };
        unsafe { libc::poll(&mut poll, 1, left) };
    }
}

fn socket(mut event: Event) -> UnixStream {
    let fd = event.take_fd();
    assert!(fd >= 0, "{}", event.text);
    UnixStream::from(unsafe { OwnedFd::from_raw_fd(fd) })
}

fn connected() -> (Host, Host) {
    let (a, b) = (start(1), start(2));
    let address = wait_for(&b, Kind::Listening).text;
    a.submit(Command::dial(1, &format!("{address}/p2p/{}", b.peer_id())).unwrap()).unwrap();
    assert_eq!(wait_for(&a, Kind::PeerUp).peer, b.peer_id());
    assert_eq!(wait_for(&a, Kind::Done).status, SkreiStatus::Ok);
    assert_eq!(wait_for(&b, Kind::PeerUp).peer, a.peer_id());
    (a, b)
}

#[test]
fn two_hosts_exchange_bytes_over_a_stream() {
    let (a, b) = connected();
    let sent: Vec<u8> = (0..3_000_000u32).map(|it| (it % 251) as u8).collect();

    a.submit(Command::open_stream(2, b.peer_id(), PROTOCOL).unwrap()).unwrap();
    let mut near = socket(wait_for(&a, Kind::Done));
    let inbound = wait_for(&b, Kind::InboundStream);
    assert_eq!((inbound.peer.as_str(), inbound.text.as_str()), (a.peer_id(), PROTOCOL));
    let mut far = socket(inbound);
    let (to_send, mut writer) = (sent.clone(), near.try_clone().unwrap());
    let sending = std::thread::spawn(move || {
        writer.write_all(&to_send).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut received = Vec::new();
    far.read_to_end(&mut received).unwrap();
    far.write_all(b"thanks").unwrap();
    drop(far);
    let mut answer = String::new();
    near.read_to_string(&mut answer).unwrap();
    sending.join().unwrap();

    assert!(received == sent);
    assert_eq!(answer, "thanks");
}

#[test]
fn gossip_reaches_the_other_and_oneself() {
    let (a, b) = connected();
    for host in [&a, &b] {
        host.submit(Command::subscribe(3, "skrei/nodes/1")).unwrap();
        assert_eq!(wait_for(host, Kind::Done).status, SkreiStatus::Ok);
    }

    // Subscriptions travel too: publish anew until one has arrived.
    let mut arrived = None;
    for attempt in 0..200u64 {
        a.submit(Command::publish(10 + attempt, "skrei/nodes/1", b"hello")).unwrap();
        let own = wait_for(&a, Kind::Gossip);
        assert_eq!((own.peer.as_str(), own.data.as_slice()), (a.peer_id(), b"hello".as_slice()));
        assert_eq!(wait_for(&a, Kind::Done).status, SkreiStatus::Ok);
        let mut poll = libc::pollfd { fd: b.event_fd(), events: libc::POLLIN, revents: 0 };
        unsafe { libc::poll(&mut poll, 1, 100) };
        arrived = std::iter::from_fn(|| b.next_event()).find(|it| it.kind == Kind::Gossip);
        if arrived.is_some() {
            break;
        }
    }

    let message = arrived.expect("the message arrives");
    assert_eq!((message.peer.as_str(), message.text.as_str()), (a.peer_id(), "skrei/nodes/1"));
    assert_eq!(message.data, b"hello");
}

#[test]
fn what_fails_is_answered_with_the_reason() {
    let (a, b) = connected();
    let status = |command: Command| {
        a.submit(command).unwrap();
        let event = wait_for(&a, Kind::Done);
        (event.status, event.text)
    };

    let unspoken = status(Command::open_stream(4, b.peer_id(), "/skrei/other/1").unwrap());
    let nobody = status(Command::dial(5, "/ip4/127.0.0.1/tcp/1").unwrap());
    let itself = status(Command::open_stream(6, a.peer_id(), PROTOCOL).unwrap());
    let too_large = status(Command::publish(7, "t", &vec![0; 2 << 20]));
    let gone = status(Command::disconnect(8, b.peer_id()).unwrap());

    assert_eq!(unspoken.0, SkreiStatus::Unavailable);
    assert!(unspoken.1.contains("does not speak /skrei/other/1"), "{}", unspoken.1);
    assert_eq!(nobody.0, SkreiStatus::Unavailable);
    assert!(nobody.1.contains("refused"), "{}", nobody.1);
    assert_eq!(itself.0, SkreiStatus::Unavailable);
    assert_eq!(too_large.0, SkreiStatus::InvalidArgument);
    assert_eq!(gone.0, SkreiStatus::Ok);
    assert_eq!(wait_for(&b, Kind::PeerDown).peer, a.peer_id());
}

#[test]
fn the_end_of_a_host_is_the_end_of_its_streams() {
    let (a, b) = connected();
    a.submit(Command::open_stream(2, b.peer_id(), PROTOCOL).unwrap()).unwrap();
    let mut near = socket(wait_for(&a, Kind::Done));
    let mut far = socket(wait_for(&b, Kind::InboundStream));

    drop(a);

    assert_eq!(near.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(far.read(&mut [0; 8]).unwrap(), 0);
    wait_for(&b, Kind::PeerDown);
}

#[test]
fn bad_wishes_are_refused_at_once() {
    let refused = |config: HostConfig| Host::start(config).err().unwrap();
    let key = vec![7; 32];

    let cases = [
        refused(HostConfig::default()),
        refused(HostConfig { secret_key: vec![1, 2, 3], ..HostConfig::default() }),
        refused(HostConfig {
            secret_key: key.clone(),
            listen: vec!["127.0.0.1:0".to_string()],
            ..HostConfig::default()
        }),
        refused(HostConfig {
            secret_key: key.clone(),
            kad_protocol: "kad".to_string(),
            ..HostConfig::default()
        }),
        Command::dial(1, "nowhere").err().unwrap(),
        Command::disconnect(1, "12D3").err().unwrap(),
    ];
    let foreign = refused(HostConfig {
        secret_key: key,
        listen: vec!["/ip4/192.0.2.1/tcp/0".to_string()],
        ..HostConfig::default()
    });

    for failure in cases {
        assert_eq!(failure.status, SkreiStatus::InvalidArgument, "{}", failure.text);
    }
    assert_eq!(foreign.status, SkreiStatus::Unavailable);
    assert!(foreign.text.contains("cannot listen on /ip4/192.0.2.1/tcp/0"), "{}", foreign.text);
}

#[test]
fn keys_have_three_forms() {
    let seed = HostConfig { secret_key: vec![9; 32], ..HostConfig::default() }.check().unwrap();
    let protobuf = HostConfig {
        secret_key: seed.key.to_protobuf_encoding().unwrap(),
        ..HostConfig::default()
    };

    assert_eq!(protobuf.check().unwrap().key.public(), seed.key.public());
    assert!(seed.key.public().to_peer_id().to_base58().starts_with("12D3Koo"));
}
