namespace OrleansBroker.Embedded;

/// <summary>Tells the lives of brokers apart, where one can be running that the membership does not show yet.</summary>
internal interface IBrokerLives
{
    /// <summary>This life's address, as it stands in the document <c>broker/{id}</c>.</summary>
    string Self { get; }

    /// <summary>Waits a little for every other life of this broker to end.</summary>
    /// <param name="registered">The life that stands in the document; null where none does.</param>
    /// <param name="isSameDirectory">It had this data directory, whose lock proves on the same machine that it has ended.</param>
    /// <returns>The address of one that goes on; null where none does.</returns>
    ValueTask<string?> FindOtherAsync(string? registered, bool isSameDirectory, CancellationToken cancellation);
}
