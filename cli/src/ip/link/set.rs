//! `ip link set` and `ip link delete`.

use nl_route::link::{DelLink, GetLink, SetLink, SetLinkGroup};

use super::kind_options;
use super::options::{self, LinkOptions};
use crate::failure::Failure;
use crate::ip::{Ip, refused};
use crate::words::Words;

/// `set { DEVICE | dev DEVICE | group DEVGROUP } …`.
pub(super) fn set(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let options = options::read(ip, &mut words)?;
    let data = kind_options::read(ip, options.kind, words)?;
    let Some(dev) = options.dev else {
        // A group without a device is which devices are meant, and nothing else may name them.
        let group = options.group.ok_or_else(no_device)?;
        let request = SetLinkGroup {
            group,
            settings: options.settings,
        };
        ip.forget();
        return ip.post(&request);
    };
    if options.ifindex.is_some() && options.settings.netns.is_none() {
        return Err(Failure::new(
            255,
            "index can be used only when creating devices or when moving device to another netns.",
        ));
    }
    let ifindex = ip.device(dev)?;
    if let Some(address) = &options.settings.address {
        let link = ip.connection().get(&GetLink::new(ifindex));
        let link = link.map_err(|error| refused(&error))?;
        let (got, wanted) = (address.len(), link.view().address().map(<[u8]>::len));
        if let Some(wanted) = wanted.filter(|wanted| *wanted != got) {
            return Err(Failure::new(
                1,
                format!("Invalid address length {got} - must be {wanted} bytes"),
            ));
        }
    }
    let mut request = SetLink::new(ifindex);
    request.settings = settings(ip, &options)?;
    request.settings.new_ifindex = options.ifindex;
    request = match data {
        kind_options::Data::None => request,
        kind_options::Data::Kind(kind, data) => request.raw_data(kind, |out| data.write(out)),
        kind_options::Data::Port(kind, data) => request.raw_port_data(kind, |out| data.write(out)),
    };
    ip.forget();
    match options.open.is_empty() {
        true => ip.post(&request),
        // Open until it is sent.
        false => ip.call(&request),
    }
}

/// `delete { DEVICE | dev DEVICE | group DEVGROUP } [ type TYPE [ ARGS ] ]`.
pub(super) fn delete(ip: &mut Ip<'_>, mut words: Words<'_>) -> Result<(), Failure> {
    let options = options::read(ip, &mut words)?;
    kind_options::read(ip, options.kind, words)?;
    let request = match (options.dev, options.group) {
        (Some(dev), _) => DelLink::new(ip.device(dev)?),
        (None, Some(group)) => DelLink::group(group),
        (None, None) => return Err(no_device()),
    };
    ip.forget();
    ip.post(&request)
}

/// The settings with the names resolved that need a look at the system.
pub(super) fn settings(
    ip: &mut Ip<'_>,
    options: &LinkOptions<'_>,
) -> Result<nl_route::link::LinkSettings, Failure> {
    let mut settings = options.settings.clone();
    if let Some(link) = options.link {
        settings.link = Some(ip.device(link)?);
    }
    settings.name = options.name.map(str::to_owned);
    settings.group = options.group;
    Ok(settings)
}

fn no_device() -> Failure {
    Failure::new(255, "Not enough information: \"dev\" argument is required.")
}
