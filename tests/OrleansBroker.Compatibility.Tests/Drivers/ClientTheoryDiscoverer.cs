using Xunit.Abstractions;
using Xunit.Sdk;

namespace OrleansBroker.Compatibility.Tests.Drivers;

/// <summary>Finds the rows of a <see cref="ClientTheoryAttribute"/>.</summary>
public sealed class ClientTheoryDiscoverer(IMessageSink diagnosticMessageSink) : TheoryDiscoverer(diagnosticMessageSink)
{
    public override IEnumerable<IXunitTestCase> Discover(ITestFrameworkDiscoveryOptions discoveryOptions, ITestMethod testMethod, IAttributeInfo theoryAttribute) =>
        theoryAttribute.GetNamedArgument<bool>(nameof(ClientTheoryAttribute.OneBroker)) && testMethod.TestClass.Class.ToRuntimeType().DeclaringType == typeof(ThreeBrokers)
            ? []
            : base.Discover(discoveryOptions, testMethod, theoryAttribute);

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
