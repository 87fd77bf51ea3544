using OrleansBroker.Protocol;

namespace OrleansBroker.Core.Replication;

/// <summary>
/// A replica that holds all that is committed, and the life of its broker in which that was found. A broker that came back from an
/// unclean stop has a later <see cref="Ports.BrokerRegistration.DataEpoch"/>: the entry speaks of a log that may be gone.
/// </summary>
public readonly record struct IsrMember(BrokerId Broker, long BrokerEpoch);
