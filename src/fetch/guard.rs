//! Which addresses may be asked: a feed must not be able to make us knock at doors inside our own network.
//!
//! Names are checked when they are resolved, at the moment of connecting, so that a name that changes its address
//! between two looks gains nothing. Addresses written as numbers never reach the resolver; they are checked in the URL,
//! on the first hop and on every redirect.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::error::FetchError;

/// Ports a web server is expected on.
const USUAL_PORTS: [u16; 4] = [80, 443, 8080, 8443];

/// Networks that are not the public internet (IANA special-purpose registries), IPv4.
const CLOSED_V4: [(u32, u8); 16] = [
    (0x0000_0000, 8),  // 0.0.0.0/8, this network
    (0x0a00_0000, 8),  // 10.0.0.0/8
    (0x6440_0000, 10), // 100.64.0.0/10, carrier-grade NAT
    (0x7f00_0000, 8),  // 127.0.0.0/8, loopback
    (0xa9fe_0000, 16), // 169.254.0.0/16, link-local and cloud metadata
    (0xac10_0000, 12), // 172.16.0.0/12
    (0xc000_0000, 24), // 192.0.0.0/24
    (0xc000_0200, 24), // 192.0.2.0/24, documentation
    (0xc058_6300, 24), // 192.88.99.0/24, 6to4 relays
    (0xc0a8_0000, 16), // 192.168.0.0/16
    (0xc612_0000, 15), // 198.18.0.0/15, benchmarks
    (0xc633_6400, 24), // 198.51.100.0/24, documentation
    (0xcb00_7100, 24), // 203.0.113.0/24, documentation
    (0xe000_0000, 4),  // 224.0.0.0/4, multicast
    (0xf000_0000, 4),  // 240.0.0.0/4, reserved and broadcast
    (0xc01f_c400, 24), // 192.31.196.0/24, AS112
];

fn is_public_v4(address: Ipv4Addr) -> bool {
    let bits = u32::from(address);
    !CLOSED_V4.iter().any(|&(network, prefix)| (bits ^ network) >> (32 - prefix) == 0)
}

/// Gives the IPv4 address that an IPv6 address carries inside itself, for the ways of carrying one that are routed.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let s = address.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match s {
        // ::ffff:0:0/96 mapped; ::/96 compatible (deprecated, ::1 included)
        [0, 0, 0, 0, 0, 0xffff | 0, high, low] => Some(v4(high, low)),
        // ::ffff:0:0:0/96, translated (RFC 2765)
        [0, 0, 0, 0, 0xffff, 0, high, low] => Some(v4(high, low)),
        // 64:ff9b::/96, NAT64
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(v4(high, low)),
        // 2002::/16, 6to4
        [0x2002, high, low, ..] => Some(v4(high, low)),
        // 2001::/32, Teredo: the client's address is stored inverted
        [0x2001, 0, _, _, _, _, high, low] => Some(v4(!high, !low)),
        _ => None,
    }
}

/// Says whether an address belongs to the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => {
            let s = v6.segments();
            let closed = s[0] & 0xfe00 == 0xfc00                    // fc00::/7, unique local
                || s[0] & 0xffc0 == 0xfe80                          // fe80::/10, link-local
                || s[0] & 0xffc0 == 0xfec0                          // fec0::/10, site-local (deprecated)
                || s[0] & 0xff00 == 0xff00                          // ff00::/8, multicast
                || (s[0] == 0x2001 && s[1] == 0xdb8)                // documentation
                || (s[0] == 0x3fff && s[1] & 0xf000 == 0)           // 3fff::/20, documentation
                || (s[0] == 0x64 && s[1] == 0xff9b && s[2] == 1)    // 64:ff9b:1::/48, local NAT64
                || (s[0] == 0x100 && s[1..4] == [0, 0, 0])          // 100::/64, discard
                || (s[0] == 0x5f00)                                 // 5f00::/16, segment routing
                || (s[0] == 0x2001 && (2..0x200).contains(&s[1])); // 2001:2:: to 2001:1ff::, IETF protocol assignments
            !closed && carried_v4(v6).is_none_or(is_public_v4)
        }
    }
}

/// The networks one source may visit although they are not public.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Allowed {
    networks: Vec<IpNet>,
    /// Only these networks, not the public ones: for hosts on unusual ports.
    only: bool,
}

impl Allowed {
    /// Joins the networks that all sources may visit with those of one source.
    pub fn new(everyone: &[IpNet], source: &[IpNet]) -> Self {
        let mut networks: Vec<_> = everyone.iter().chain(source).copied().collect();
        networks.sort_unstable();
        networks.dedup();
        Self { networks, only: false }
    }

    /// Says whether the networks name this address, in whichever form it is written.
    pub fn names(&self, address: IpAddr) -> bool {
        let plain = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address) || network.contains(&plain))
    }

    /// Says whether this address may be asked.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.names(address) || (!self.only && is_public(address))
    }

    /// Checks scheme, port and, where the host is written as a number, the address; gives the rule for names.
    ///
    /// `127.1`, `0x7f.1` and `2130706433` need no care here: the URL parser has already made one address of them.
    ///
    /// # Errors
    /// When the URL must not be asked.
    pub fn check(&self, url: &Url) -> Result<Self, FetchError> {
        let scheme = url.scheme();
        if scheme != "http" && scheme != "https" {
            return Err(FetchError::BadScheme { scheme: scheme.to_owned() });
        }
        let address = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::BadScheme { scheme: format!("{scheme} without a host") }),
        };
        let host = host_of(url);
        if let Some(address) = address.filter(|address| !self.permits(*address)) {
            return Err(FetchError::BlockedAddress { host, address });
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if USUAL_PORTS.contains(&port) || address.is_some_and(|address| self.names(address)) {
            return Ok(self.clone());
        }
        // A name on an unusual port: good only if it turns out to lie in a network the operator listed.
        if address.is_none() && !self.networks.is_empty() {
            return Ok(Self { networks: self.networks.clone(), only: true });
        }
        Err(FetchError::BlockedPort { host, port })
    }
}

/// Gives the host of a URL for people, without user name and password.
pub fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("(no host)").to_owned()
}

/// A name whose every address is closed to us.
#[derive(Debug)]
pub struct Blocked {
    /// One of the addresses.
    pub address: IpAddr,
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not public", self.address)
    }
}

impl std::error::Error for Blocked {}

/// The resolver that hands out permitted addresses only.
#[derive(Clone)]
pub struct Guard {
    allowed: Allowed,
    inner: Arc<dyn Resolve>,
}

impl Guard {
    /// Puts the rule in front of a resolver.
    pub fn new(allowed: Allowed, inner: Arc<dyn Resolve>) -> Self {
        Self { allowed, inner }
    }
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let Self { allowed, inner } = self.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = inner.resolve(name).await?.collect();
            let first = found.first().copied();
            let open: Vec<_> = found.into_iter().filter(|address| allowed.permits(address.ip())).collect();
            match first {
                None => Err(std::io::Error::from(std::io::ErrorKind::NotFound).into()),
                Some(address) if open.is_empty() => Err(Box::new(Blocked { address: address.ip() }) as _),
                Some(_) => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

/// The machine's own resolver.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
