namespace OrleansBroker.Core.Ports;

/// <summary>
/// Which brokers live. It may be late, and brokers may disagree: it decides who tries to lead, never who may; that is fenced by the
/// partition's document and leader epoch.
/// </summary>
public interface IMembership
{
    ClusterView Current { get; }

    /// <summary>Calls <paramref name="changed"/> after each change of <see cref="Current"/>, one call at a time, until the result is disposed.</summary>
    IDisposable Subscribe(Action<ClusterView> changed);
}
