//! Which routes `list`, `flush` and `save` mean.

use nl_route::route::{
    GetRoutes, RouteFlags, RouteProtocol, RouteScope, RouteTable, RouteType, RouteView,
};
use nl_route::{Family, Prefix};

use super::modify::vrf;
use super::usage;
use super::words::{dsfield, realms, route_type};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::ip::inet::{PrefixWord, bits, family_word, prefix};
use crate::ip::names::{PROTOCOLS, SCOPES, TABLES, number};
use crate::ip::options::{AF_INET, AF_INET6, AF_UNSPEC};
use crate::words::{Words, matches, wrong};

/// What is selected; what is said here is left out of the text of the routes that fit.
#[derive(Clone, Debug, Default)]
pub(in crate::ip) struct Select {
    /// The family that is asked for.
    pub(super) family: u8,
    /// The table; none for all.
    pub(super) table: Option<RouteTable>,
    /// The cached routes; with `get`, any.
    pub(super) cloned: bool,
    pub(super) any_cloned: bool,
    pub(super) protocol: Option<RouteProtocol>,
    pub(super) scope: Option<RouteScope>,
    pub(super) route_type: Option<RouteType>,
    pub(super) tos: Option<u8>,
    pub(super) metric: Option<u32>,
    pub(super) mark: Option<u32>,
    pub(super) realms: Option<(u32, u32)>,
    pub(super) oif: Option<i32>,
    pub(super) iif: Option<i32>,
    pub(super) via: Option<PrefixWord>,
    pub(super) prefsrc: Option<PrefixWord>,
    /// Destinations inside this prefix.
    root_dst: Option<PrefixWord>,
    /// Destinations that this prefix is inside of.
    match_dst: Option<PrefixWord>,
    root_src: Option<PrefixWord>,
    match_src: Option<PrefixWord>,
}

impl Select {
    /// Every route, as `get` shows them.
    pub(super) fn any() -> Self {
        Self {
            any_cloned: true,
            ..Self::default()
        }
    }

    /// Every route of a link, or of all.
    pub(in crate::ip) fn of_link(ifindex: Option<i32>) -> Self {
        Self {
            oif: ifindex,
            ..Self::default()
        }
    }

    /// Reads the selectors.
    pub(super) fn parse(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<Self, Failure> {
        let mut family = ip.options.family;
        let mut select = Self {
            family,
            table: Some(RouteTable::MAIN),
            ..Self::default()
        };
        let (mut oif, mut iif) = (None, None);
        while let Some(word) = words.next() {
            match word {
                _ if matches(word, "table") => select.table_word(words.required()?)?,
                _ if matches(word, "vrf") => {
                    let name = words.required()?;
                    let table = vrf(ip, name).ok_or_else(|| wrong(name, "Invalid VRF\n"))?;
                    select.table = Some(table);
                }
                _ if matches(word, "cached") || matches(word, "cloned") => select.cloned = true,
                _ if word == "tos" || matches(word, "dsfield") => {
                    let value = words.required()?;
                    let tos = dsfield(value).ok_or_else(|| wrong(value, "TOS value is invalid\n"));
                    select.tos = Some(tos?);
                }
                _ if matches(word, "protocol") => {
                    let value = words.required()?;
                    let wrong = || wrong(value, "invalid \"protocol\"\n");
                    select.protocol = small(&PROTOCOLS, value, wrong)?.map(RouteProtocol);
                }
                _ if matches(word, "scope") => {
                    let value = words.required()?;
                    let wrong = || wrong(value, "invalid \"scope\"\n");
                    select.scope = small(&SCOPES, value, wrong)?.map(RouteScope);
                }
                _ if matches(word, "type") => {
                    let value = words.required()?;
                    let found = route_type(value)
                        .ok_or_else(|| wrong(value, "node type value is invalid\n"))?;
                    select.route_type = Some(found);
                }
                "dev" | "oif" => oif = Some(words.required()?),
                "iif" => iif = Some(words.required()?),
                "mark" => {
                    let value = words.required()?;
                    let mark = number(value).ok_or_else(|| wrong(value, "invalid mark value"))?;
                    select.mark = Some(mark);
                }
                _ if matches(word, "metric")
                    || matches(word, "priority")
                    || word == "preference" =>
                {
                    select.metric = Some(super::words::value(&mut words, "metric")?);
                }
                "via" => {
                    let value = words.required()?;
                    select.via = Some(match family_word(value) {
                        Some(own) => prefix(words.required()?, own)?,
                        None => prefix(value, family)?,
                    });
                }
                "src" => select.prefsrc = Some(prefix(words.required()?, family)?),
                _ if matches(word, "realms") => {
                    let value = words.required()?;
                    select.realms = Some(realms_filter(value)?);
                }
                "from" => {
                    let value = words.required()?;
                    let (root, inside) = scoped(value, &mut words, family)?;
                    select.root_src = root.or(select.root_src);
                    select.match_src = inside.or(select.match_src);
                }
                _ => {
                    let value = if word == "to" {
                        words.required()?
                    } else {
                        word
                    };
                    let (root, inside) = scoped(value, &mut words, family)?;
                    select.root_dst = root.or(select.root_dst);
                    select.match_dst = inside.or(select.match_dst);
                }
            }
        }
        if family == AF_UNSPEC && select.table.is_some() {
            family = AF_INET;
        }
        select.family = family;
        if let Some(name) = iif {
            select.iif = Some(ip.device(name)?);
        }
        if let Some(name) = oif {
            select.oif = Some(ip.device(name)?);
        }
        Ok(select)
    }

    fn table_word(&mut self, word: &str) -> Result<(), Failure> {
        match TABLES.number(word) {
            Some(table) => self.table = (table != 0).then_some(RouteTable(table)),
            None if word == "all" => self.table = None,
            None if word == "cache" => self.cloned = true,
            None if word == "help" => return Err(usage()),
            None => return Err(wrong(word, "table id value is invalid\n")),
        }
        Ok(())
    }

    /// The request that lists them, and perhaps others.
    pub(super) fn request(&self) -> GetRoutes {
        let mut request = GetRoutes::new(Family(self.family));
        if self.cloned {
            return request.cloned();
        }
        request.table = self.table;
        request.oif = self.oif;
        request.protocol = self.protocol;
        request.route_type = self.route_type;
        request
    }

    /// Whether a route is selected.
    pub(in crate::ip) fn fits(&self, route: &RouteView<'_>) -> bool {
        let cloned = route.flags().contains(RouteFlags::CLONED);
        let family = route.family().0;
        if self.family != AF_UNSPEC && self.family != family
            || !self.any_cloned && self.cloned != cloned
            || !self.cloned && self.table.is_some_and(|table| table != route.table())
        {
            return false;
        }
        let is = |wanted: Option<u32>, found: Option<u32>| {
            wanted.is_none_or(|wanted| wanted == found.unwrap_or(0))
        };
        let is_link = |wanted: Option<i32>, found: Option<i32>| {
            wanted.is_none_or(|wanted| found == Some(wanted))
        };
        let host = bits(family);
        let realms = route.flow().unwrap_or(0);
        let (dst, src) = (route.dst(), route.src());
        is(
            self.protocol.map(|p| p.0.into()),
            Some(route.protocol().0.into()),
        ) && is(self.scope.map(|s| s.0.into()), Some(route.scope().0.into()))
            && is(
                self.route_type.map(|t| t.0.into()),
                Some(route.route_type().0.into()),
            )
            && is(self.tos.map(u32::from), Some(route.tos().into()))
            && is(self.metric, route.priority())
            && is(self.mark, route.mark())
            && is_link(self.oif, route.oif())
            && is_link(self.iif, route.iif())
            && self
                .realms
                .is_none_or(|(value, mask)| (value ^ realms) & mask == 0)
            && fits_prefixes(self.root_dst, self.match_dst, dst, family)
            && fits_prefixes(self.root_src, self.match_src, src, family)
            && fits_addr(self.via, route.gateway(), host)
            && fits_addr(self.prefsrc, route.prefsrc(), host)
    }
}

fn fits_addr(wanted: Option<PrefixWord>, found: Option<std::net::IpAddr>, host: u8) -> bool {
    let Some(wanted) = wanted.filter(|wanted| wanted.addr.is_some()) else {
        return true;
    };
    found.is_some_and(|found| wanted.covers(found, wanted.len.min(host)))
}

fn fits_prefixes(
    root: Option<PrefixWord>,
    inside: Option<PrefixWord>,
    found: Option<Prefix>,
    family: u8,
) -> bool {
    let found = found.unwrap_or(Prefix::new(crate::ip::inet::unspecified(family), 0));
    let family_fits = |word: PrefixWord| word.family == AF_UNSPEC || word.family == family;
    root.is_none_or(|root| {
        family_fits(root) && root.len <= found.len && root.covers(found.addr, root.len)
    }) && inside.is_none_or(|inside| {
        family_fits(inside) && inside.len >= found.len && inside.covers(found.addr, found.len)
    })
}

/// `root PREFIX`, `match PREFIX`, or `[ exact ] PREFIX`, which is both.
fn scoped(
    word: &str,
    words: &mut Words<'_>,
    family: u8,
) -> Result<(Option<PrefixWord>, Option<PrefixWord>), Failure> {
    if matches(word, "root") {
        return Ok((Some(prefix(words.required()?, family)?), None));
    }
    if matches(word, "match") {
        return Ok((None, Some(prefix(words.required()?, family)?)));
    }
    let word = if matches(word, "exact") {
        words.required()?
    } else {
        word
    };
    // Other than `default`, these two mean any prefix.
    if family == AF_UNSPEC && matches!(word, "any" | "all") {
        return Ok((None, None));
    }
    let exact = Some(prefix(word, family)?);
    Ok((exact, exact))
}

/// A name or number of 8 bits; `all` is none.
fn small(
    names: &crate::ip::names::Names,
    word: &str,
    wrong: impl FnOnce() -> Failure,
) -> Result<Option<u8>, Failure> {
    match names.number(word).map(u8::try_from) {
        Some(Ok(number)) => Ok(Some(number)),
        None if word == "all" => Ok(None),
        _ => Err(wrong()),
    }
}

/// Realms to compare, and which bits of them: those of a side that is 0 do not count.
fn realms_filter(word: &str) -> Result<(u32, u32), Failure> {
    let value = realms(word).ok_or_else(|| wrong(word, "invalid realms\n"))?;
    let mut mask = u32::MAX;
    if value >> 16 == 0 && !word.starts_with("0/") {
        mask &= 0xffff;
    }
    if value & 0xffff == 0 && !word.ends_with("/0") {
        mask &= 0xffff_0000;
    }
    Ok((value, mask))
}

/// Whether IPv6 is among what is selected.
pub(super) fn has_ipv6(family: u8) -> bool {
    matches!(family, AF_UNSPEC | AF_INET6)
}
