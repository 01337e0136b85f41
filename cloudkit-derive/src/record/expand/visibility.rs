//! Who sees a handle.

use syn::{Visibility, parse_quote};

/// The narrower of two visibilities: a handle is seen where both its record and its field are.
pub(super) fn narrower<'a>(left: &'a Visibility, right: &'a Visibility) -> &'a Visibility {
    if reach(left) <= reach(right) { left } else { right }
}

fn reach(visibility: &Visibility) -> u8 {
    match visibility {
        Visibility::Inherited => 0,
        Visibility::Restricted(restricted) if restricted.path.is_ident("self") => 0,
        Visibility::Restricted(restricted) if restricted.path.is_ident("super") => 1,
        Visibility::Restricted(restricted) if restricted.path.is_ident("crate") => 3,
        Visibility::Restricted(_) => 2,
        Visibility::Public(_) => 4,
    }
}

/// The same visibility, said one module further down.
pub(super) fn one_module_down(visibility: &Visibility) -> Visibility {
    match visibility {
        Visibility::Inherited => parse_quote!(pub(super)),
        Visibility::Restricted(restricted) => {
            let mut path = restricted.path.segments.iter();
            match path.next() {
                Some(first) if first.ident == "self" => {
                    parse_quote!(pub(in super #(:: #path)*))
                }
                Some(first) if first.ident == "super" => parse_quote!(pub(in super::super #(:: #path)*)),
                _ => visibility.clone(),
            }
        }
        Visibility::Public(_) => visibility.clone(),
    }
}
