using OrleansBroker.Embedded;

namespace OrleansBroker.Grains.Hosting;

/// <summary>The broker of a silo that is alone: it waits for no membership, and opens while the silo starts beside it. Whoever opens it ends it.</summary>
internal sealed record OpeningBroker(Task<EmbeddedBroker> Opened);
