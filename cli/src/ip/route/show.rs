//! `ip route show`.

use super::print::doc;
use super::select::Select;
use super::{list, list_failed};
use crate::failure::Failure;
use crate::ip::Ip;
use crate::words::Words;

pub(super) fn show(ip: &mut Ip<'_>, words: Words<'_>) -> Result<(), Failure> {
    let select = Select::parse(ip, words)?;
    let routes = list(ip, &select).map_err(|error| list_failed(&error))?;
    let mut docs = Vec::new();
    for route in &routes {
        if select.fits(&route.view()) {
            docs.push(doc(ip, &route.view(), &select));
        }
    }
    ip.print(&docs)
}
