namespace OrleansBroker.Silo.Clustered;

/// <summary>A service outside the cluster that keeps its membership, its documents, or both.</summary>
internal interface IStore
{
    void AddMembership(ISiloBuilder silo);

    void AddDocuments(ISiloBuilder silo, string storageName);

    /// <summary>Asks the store, before the silo starts, whether brokers can rely on it.</summary>
    /// <returns>One line for each reason why it may forget what it acknowledged.</returns>
    /// <exception cref="OrleansConfigurationException">It cannot be used as it is: a line that says why.</exception>
    /// <exception cref="IOException">It cannot be asked now.</exception>
    Task<IReadOnlyList<string>> CheckAsync(CancellationToken cancellation);
}
