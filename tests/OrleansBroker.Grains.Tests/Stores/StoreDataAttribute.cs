using System.Reflection;
using Xunit.Sdk;

namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>One of the stores that a test is run with.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class StoreDataAttribute : DataAttribute
{
    private readonly string _store;

    public StoreDataAttribute(string store)
    {
        _store = store;
        Skip = Store.WhyMissing(store);
    }

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[_store]];
}
