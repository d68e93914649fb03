//! What `ip help` says.

/// `ip help`.
pub(super) const IP: &str = "\
Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
       ip [ -force ] -batch filename
where  OBJECT := { address | link | monitor | neighbour | netns | route | rule }
       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -h[uman-readable] |
                    -iec | -j[son] | -p[retty] | -o[neline] | -br[ief] |
                    -f[amily] { inet | inet6 | mpls | bridge | link } |
                    -4 | -6 | -M | -B | -0 | -N[umeric] | -a[ll] |
                    -l[oops] { maximum-addr-flush-attempts } | -b[atch] [filename] |
                    -rc[vbuf] [size] | -n[etns] name | -t[imestamp] | -ts[hort] |
                    -c[olor] }";
