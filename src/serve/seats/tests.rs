use super::*;

/// Whether its client is sent away within a time.
async fn leaves(seat: &Seat, within: Duration) -> bool {
    tokio::time::timeout(within, seat.sent_away()).await.is_ok()
}

fn answering(seat: &Seat) {
    seat.watch().asked();
    seat.watch().answered();
}

#[tokio::test(start_paused = true)]
async fn who_waits_goes_first_then_who_has_been_answered_longest() {
    let seats = Seats::new(3);
    let (early, late, idle) = (seats.take().await, seats.take().await, seats.take().await);
    for seat in [&early, &late, &idle] {
        seat.watch().silent();
    }
    answering(&early);
    tokio::time::advance(Duration::from_secs(1)).await;
    answering(&late);
    let more = tokio::spawn({
        let seats = Arc::clone(&seats);
        async move {
            let third = seats.take().await;
            answering(&third);
            (third, seats.take().await)
        }
    });
    assert!(leaves(&idle, 2 * LEAVING).await);
    drop(idle);
    assert!(!leaves(&early, ANSWERING - Duration::from_secs(2)).await, "it is being answered");
    assert!(leaves(&early, Duration::from_secs(2)).await, "but not for ever");
    drop(early);
    assert!(!leaves(&late, Duration::ZERO).await);
    more.await.expect("both have a seat");
}

#[tokio::test(start_paused = true)]
async fn who_has_just_come_or_waits_for_us_is_not_sent_away() {
    let seats = Seats::new(1);
    let new = seats.take().await;
    tokio::time::advance(2 * MOMENT).await;
    seats.send_one_away();
    assert!(!leaves(&new, Duration::ZERO).await, "nobody has looked at what it sent");
    new.watch().silent();
    seats.send_one_away();
    assert!(!leaves(&new, Duration::ZERO).await);
    new.watch().asked();
    tokio::time::advance(2 * ANSWERING).await;
    seats.send_one_away();
    assert!(!leaves(&new, Duration::ZERO).await);
    new.watch().answered();
    seats.send_one_away();
    assert!(leaves(&new, Duration::ZERO).await);
}

#[tokio::test(start_paused = true)]
async fn requests_one_upon_the_other_are_one_long_answer() {
    let seats = Seats::new(1);
    let seat = seats.take().await;
    let watch = seat.watch();
    let ask = async |pause: bool| {
        for _ in 0..12 {
            answering(&seat);
            tokio::time::advance(ANSWERING / 10).await;
            watch.written();
            if pause {
                watch.silent();
            }
        }
        answering(&seat);
        seats.send_one_away();
        leaves(&seat, Duration::ZERO).await
    };
    assert!(!ask(true).await, "each was waited for");
    assert!(ask(false).await, "none was");
}
