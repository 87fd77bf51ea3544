using Xunit.Abstractions;
using Xunit.Sdk;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>Finds the rows of a <see cref="ClientTheoryAttribute"/>.</summary>
public sealed class ClientTheoryDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    protected override IEnumerable<IXunitTestCase> CreateTestCasesForDataRow(
        ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute, object[] dataRow)
    {
        foreach (object argument in dataRow)
        {
            if (ClientCatalog.TryGet(argument, out ClientKind? kind) && kind!.Missing is { } reason)
            {
                return CreateTestCasesForSkippedDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow, reason);
            }
        }
        return base.CreateTestCasesForDataRow(discoveryOptions, testMethod, theoryAttribute, dataRow);
    }
}
