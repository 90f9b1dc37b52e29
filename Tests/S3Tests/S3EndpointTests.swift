import Testing

@testable import S3

/// Amazon's names, and what becomes of them when the bucket turns out to be in another region.
@Suite struct S3EndpointTests {
    static let names: [(name: String, region: String?, isReplaced: Bool)] = [
        ("s3.eu-west-1.amazonaws.com", "eu-west-1", true),
        ("s3.us-gov-west-1.amazonaws.com", "us-gov-west-1", true),
        ("s3.cn-north-1.amazonaws.com.cn", "cn-north-1", true),
        ("s3.amazonaws.com", nil, true),
        ("s3-us-west-2.amazonaws.com", "us-west-2", true),
        ("s3.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1", true),
        ("s3-fips-us-gov-west-1.amazonaws.com", "us-gov-west-1", false),
        ("s3.us-east-2.amazonaws.com:8443", "us-east-2", false),
        ("s3.dualstack.eu-west-1.amazonaws.com", "eu-west-1", false),
        ("s3-fips.us-east-2.amazonaws.com", "us-east-2", false),
        ("s3-fips.dualstack.us-east-2.amazonaws.com", "us-east-2", false),
        ("bucket.vpce-1a2b3c4d-5e6f.s3.us-east-1.vpce.amazonaws.com", "us-east-1", false),
        ("vpce-1a2b3c4d-5e6f-us-east-1a.s3.us-east-1.vpce.amazonaws.com", "us-east-1", false),
        ("accesspoint.vpce-1a2b3c4d-5e6f.s3.us-gov-east-1.vpce.amazonaws.com", "us-gov-east-1", false),
        ("s3-accelerate.amazonaws.com", nil, false), ("s3-external-1.amazonaws.com", nil, false),
        ("s3.eu-west-1.amazonaws.com.example", nil, false), ("s3.fr-par.scw.cloud", nil, false),
        ("s3.eu-west-1.example", nil, false),
    ]

    @Test(arguments: names) func aNameTellsItsRegion(name: String, region: String?, isReplaced: Bool) throws {
        let endpoint = try #require(S3Endpoint("https://\(name)", usesPathStyle: false))
        #expect(endpoint.region == region)
        let moved = endpoint.moved(to: "ap-south-1")
        #expect(moved.name == (isReplaced ? "https://s3.ap-south-1.amazonaws.com" : endpoint.name))
    }

    @Test(arguments: [("cn-north-1", "com.cn"), ("eusc-de-east-1", "eu"), ("us-gov-west-1", "com")])
    func aRegionHasItsDomain(region: String, domain: String) throws {
        let endpoint = try #require(S3Endpoint.amazon(region: region, usesPathStyle: false))
        #expect(endpoint.name == "https://s3.\(region).amazonaws.\(domain)" && endpoint.region == region)
    }
}
