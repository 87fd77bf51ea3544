using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Records.Coordinator;

/// <summary>
/// A key or a value of a record in <c>__consumer_offsets</c>, in Kafka's own form: <c>version int16 | fields</c>.
/// A key's version also says what kind of record it is.
/// </summary>
public interface ICoordinatorRecord : IWireStruct
{
    static abstract short VersionMin { get; }

    static abstract short VersionMax { get; }

    /// <summary>The first flexible version, or <see cref="ApiDescription.NeverFlexible"/>.</summary>
    static abstract short FlexibleSince { get; }

    /// <summary>The version that a current Kafka writes this in.</summary>
    short VersionWritten { get; }
}
