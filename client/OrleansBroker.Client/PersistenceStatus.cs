namespace OrleansBroker.Client;

/// <summary>Whether a record is in its partition.</summary>
public enum PersistenceStatus
{
    /// <summary>It is not: it was never sent, or was refused.</summary>
    NotPersisted = 0,

    /// <summary>Nobody can say: it was sent, and no broker answered.</summary>
    PossiblyPersisted = 1,

    /// <summary>It is, on as many replicas as <see cref="Acks"/> asked for.</summary>
    Persisted = 2,
}
