load ../lib

@test "retry: when to try again" { "$BUILD/unit/mailq-run-retry"; }

@test "replies of servers, content on the wire" { "$BUILD/unit/mailq-run-reply"; }

@test "routes and DNS packets" { "$BUILD/unit/mailq-run-route"; }

@test "MTA-STS: records, policies, hosts" { "$BUILD/unit/mailq-run-sts"; }
