using Xunit.Sdk;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>A theory whose rows name clients; a row whose client is not on this machine is skipped, with the reason.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer("OrleansBroker.Compatibility.Tests.Drivers.ClientTheoryDiscoverer", "OrleansBroker.Compatibility.Tests")]
public sealed class ClientTheoryAttribute : TheoryAttribute
{
    /// <summary>Nothing in it depends on how many brokers there are: it is run with one of them only.</summary>
    public bool OneBroker { get; set; }
}
