//! Statement 65: near a place, and by distance from it.

use serde_json::{Value, json};

use crate::conformance::support::{Server, filter, one, typed};

async fn places(server: &Server) {
    for (name, latitude, longitude) in [
        ("berlin", 52.520_0, 13.405_0),
        ("potsdam", 52.390_6, 13.064_5),
        ("hamburg", 53.551_1, 9.993_7),
        ("sydney", -33.868_8, 151.209_3),
        ("suva", -18.124_8, 178.450_1),
        ("apia", -13.850_7, -171.751_4),
    ] {
        let place = typed("LOCATION", json!({ "latitude": latitude, "longitude": longitude }));
        server.key().create("public", "Account", name, one("place", place)).await;
    }
    server.key().create("public", "Account", "nowhere", json!({})).await;
}

fn place(latitude: f64, longitude: f64) -> Value {
    typed("LOCATION", json!({ "latitude": latitude, "longitude": longitude }))
}

/// The distances are: Potsdam 27 km, Hamburg 255 km, Sydney 16,100 km from Berlin; Apia 1,150 km from Suva, over the
/// antimeridian.
#[tokio::test]
async fn c065_near_is_within_so_many_metres() {
    let server = Server::start().await;
    places(&server).await;
    let ask = async |centre: Value, distance: f64| {
        let mut near = filter("place", "NEAR", centre);
        near["distance"] = distance.into();
        server
            .token()
            .query("public", json!({ "recordType": "Account", "filterBy": [near] }))
            .await
            .sorted_names()
    };
    let (berlin, suva) = (place(52.52, 13.405), place(-18.124_8, 178.450_1));
    assert_eq!(ask(berlin.clone(), 0.0).await, ["berlin"]);
    assert_eq!(ask(berlin.clone(), 20_000.0).await, ["berlin"]);
    assert_eq!(ask(berlin.clone(), 40_000.0).await, ["berlin", "potsdam"]);
    assert_eq!(ask(berlin.clone(), 300_000.0).await, ["berlin", "hamburg", "potsdam"]);
    assert_eq!(ask(suva.clone(), 1_000_000.0).await, ["suva"]);
    assert_eq!(ask(suva, 1_300_000.0).await, ["apia", "suva"]);
    let everywhere = ["apia", "berlin", "hamburg", "potsdam", "suva", "sydney"];
    assert_eq!(ask(berlin, 30_000_000.0).await, everywhere);
}

#[tokio::test]
async fn c065_results_are_sorted_by_distance() {
    let server = Server::start().await;
    places(&server).await;
    let sorted = async |ascending: Option<bool>| {
        let mut sort = json!({ "fieldName": "place", "relativeLocation": place(52.52, 13.405) });
        if let Some(ascending) = ascending {
            sort["ascending"] = ascending.into();
        }
        let near = json!({ "fieldName": "place", "comparator": "NEAR", "fieldValue": place(52.52, 13.405),
            "distance": 25_000_000.0 });
        let query = json!({ "recordType": "Account", "filterBy": [near], "sortBy": [sort] });
        server.token().query("public", query).await.names()
    };
    let nearest_first = ["berlin", "potsdam", "hamburg", "suva", "apia", "sydney"];
    let mut expected: Vec<&str> = nearest_first.to_vec();
    expected.sort_by(|one, other| kilometres(one).total_cmp(&kilometres(other)));
    assert_eq!(sorted(None).await, expected);
    assert_eq!(sorted(Some(true)).await, expected);
    expected.reverse();
    assert_eq!(sorted(Some(false)).await, expected);
}

/// Roughly, from Berlin.
fn kilometres(name: &str) -> f64 {
    match name {
        "berlin" => 0.0,
        "potsdam" => 27.0,
        "hamburg" => 255.0,
        "apia" => 15_800.0,
        "suva" => 16_000.0,
        _ => 16_100.0,
    }
}

#[tokio::test]
async fn c065_near_needs_a_distance_and_distance_a_place() {
    let server = Server::start().await;
    for distance in [Value::Null, json!(-1), json!("far")] {
        let mut near = filter("place", "NEAR", place(0.0, 0.0));
        near["distance"] = distance;
        let query = json!({ "recordType": "Account", "filterBy": [near] });
        server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
    }
    let query = json!({ "recordType": "Account", "sortBy": [{ "fieldName": "place" }] });
    server.token().query("public", query).await.refused(400, "BAD_REQUEST", "");
}
