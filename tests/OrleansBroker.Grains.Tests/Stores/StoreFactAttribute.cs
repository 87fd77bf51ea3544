namespace OrleansBroker.Grains.Tests.Stores;

/// <summary>A test with real stores.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StoreFactAttribute : FactAttribute
{
    public StoreFactAttribute(params string[] stores) => Skip = stores.Select(Store.WhyMissing).FirstOrDefault(why => why is not null);
}
