//! Tests of what a policy has, beside those that run commands under it.

use super::*;

#[test]
fn partitions_follow_the_region() {
    for (region, partition) in
        [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("*", "aws")]
    {
        let home = Home { region: region.to_owned(), account: "123456789012".to_owned() };
        assert_eq!(home.partition(), partition, "{region}");
    }
}
