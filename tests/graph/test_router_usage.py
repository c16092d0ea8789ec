from tests.events import at, request_completed
from tests.graph.conftest import Service

RANGE = {"from": "2026-04-21T00:00:00Z", "to": "2026-04-22T00:00:00Z"}


async def test_it_works(service: Service):
    service.record(request_completed(at("09:00")), request_completed(at("10:00")))
    data = await service.ask(
        """query($range: TimeRange!) { viewer { tokenName scopes account { id key currency } } account { id key routerUsage(range: $range) {
      dataState { position completeThrough unpricedRequests estimatedRequests unknownTokenRequests }
      totalRequests totalTokens usedModels averageLatency successRate errorCount totalFee throughput input { category label count unit fee } output { count }
      buckets { totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { time model } } nodes { time partial model provider apiKey { id name } requests totalTokens input { count } averageLatency history { totalCount nodes { id requestId events { position type version recordedAt data } } } } }
      peak { time requests }
    } } }""",
        range=RANGE,
    )
    print(data)
    assert 0
